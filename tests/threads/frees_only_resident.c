/*
 * Threads that never ask for memory free what others have given them, and end: they must leave nothing behind. That holds, too, for
 * those that free nearly all of it in the last of the rounds in which destructors are called.
 */
#include "resident.h"

#include <limits.h>

enum { THREADS = 5000, FIRST = 50, BLOCKS = 70 };

struct blocks {
    void *blocks[BLOCKS];
    int rounds; /* of destructors, until they are freed */
};

static pthread_key_t key;

static void free_all(struct blocks *given)
{
    for (int i = 1; i < BLOCKS; i++) {
        free(given->blocks[i]);
    }
}

/* Now, or in a later round. */
static void free_in_last_round(void *context)
{
    struct blocks *given = context;
    if (given->rounds-- == 0) {
        free_all(given);
    } else {
        pthread_setspecific(key, given);
    }
}

static void *run(void *context)
{
    struct blocks *given = context;
    free(given->blocks[0]);
    free_in_last_round(given);
    return NULL;
}

static void run_threads(int rounds)
{
    size_t before = 0;
    for (int i = 0; i < THREADS; i++) {
        before = i == FIRST ? resident_bytes() : before;
        struct blocks given = {.rounds = rounds};
        for (int j = 0; j < BLOCKS; j++) {
            size_t size = j % 10 == 9 ? 3000 + (size_t)j * 50 : 16 + (size_t)j;
            given.blocks[j] = malloc(size);
            require(given.blocks[j] != NULL, "memory is not out");
            memset(given.blocks[j], i, size);
        }
        pthread_join(start_thread(run, &given), NULL);
    }
    require_growth(before, MIB / 2, "after five thousand threads");
}

int main(void)
{
    be_impatient();
    require_library();
    require(pthread_key_create(&key, free_in_last_round) == 0, "there is a key");
    run_threads(0);
    run_threads(PTHREAD_DESTRUCTOR_ITERATIONS);
    check_heap("after the threads");
    return 0;
}
