/*
 * Threads that never ask for memory free what others have given them, and end: they must leave nothing behind.
 */
#include "resident.h"

enum { THREADS = 5000, FIRST = 50, BLOCKS = 70 };

static void *free_all(void *context)
{
    void **blocks = context;
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    size_t before = 0;
    for (int i = 0; i < THREADS; i++) {
        before = i == FIRST ? resident_bytes() : before;
        void *blocks[BLOCKS];
        for (int j = 0; j < BLOCKS; j++) {
            size_t size = j % 10 == 0 ? 3000 + (size_t)j * 50 : 16 + (size_t)j;
            blocks[j] = malloc(size);
            require(blocks[j] != NULL, "memory is not out");
            memset(blocks[j], i, size);
        }
        pthread_join(start_thread(free_all, blocks), NULL);
    }
    require_growth(before, MIB / 2, "after five thousand threads");
    check_heap("after the threads");
    return 0;
}
