/*
 * Ten thousand threads come and go, a few at a time; each warms several classes up, and others free
 * some of what it has. They must leave nothing behind.
 */
#include "resident.h"

enum { THREADS = 10000, FIRST = 50, AT_ONCE = 8, BLOCKS = 100, LEFT = 20 };

static void *left[AT_ONCE][LEFT];

static void *run(void *context)
{
    int number = (int)(intptr_t)context;
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = i % 50 == 0 ? 6000 : (size_t)(16 + (i % 3 + number % 8) * 48);
        blocks[i] = malloc(size);
        require(blocks[i] != NULL, "memory is not out");
        memset(blocks[i], number, size);
    }
    void **slots = left[number % AT_ONCE];
    for (int i = 0; i < BLOCKS; i++) {
        if (i < LEFT) {
            slots[i] = blocks[i]; /* for main() to free */
        } else {
            free(blocks[i]);
        }
    }
    return NULL;
}

static void join(pthread_t thread, int slot)
{
    pthread_join(thread, NULL);
    for (int i = 0; i < LEFT; i++) {
        free(left[slot][i]);
    }
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_t threads[AT_ONCE];
    size_t before = 0;
    for (int i = 0; i < THREADS + AT_ONCE; i++) {
        before = i == FIRST ? resident_bytes() : before; /* libc keeps stacks */
        if (i >= AT_ONCE) {
            join(threads[i % AT_ONCE], i % AT_ONCE);
        }
        if (i < THREADS) {
            threads[i % AT_ONCE] = start_thread(run, (void *)(intptr_t)i);
        }
    }
    require_growth(before, MIB, "after ten thousand threads");
    check_heap("after the threads");
    return 0;
}
