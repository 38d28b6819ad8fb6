/*
 * The heap may have 16 MiB (MA_OPTIONS=limit). Idle threads have cached what this one needs: before a request fails, it
 * is taken from them; after it has failed, the program goes on.
 */
#include "common.h"

#include "ma.h"

#include <errno.h>

enum { THREADS = 4, BLOCKS = 20, SIZE = 20000, PAGE = 4096 };

#define LIMIT ((size_t)16 << 20)

#pragma weak ma_stats

static pthread_barrier_t cached, done;

static void *run(void *context)
{
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(SIZE);
        free(malloc(100)); /* a thread with small blocks has a heap of its own */
    }
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    pthread_barrier_wait(&cached);
    pthread_barrier_wait(&done);
    for (int i = 0; i < BLOCKS; i++) { /* what was taken from it is not used again */
        free_stamped(new_stamped(SIZE, (unsigned char)i));
    }
    return context;
}

/* Blocks of a page, in a chain, until there are no more. */
static size_t fill(void **chain)
{
    size_t count = 0;
    errno = 0;
    for (void **block = malloc(PAGE); block != NULL; block = malloc(PAGE), count++) {
        *block = *chain;
        *chain = block;
    }
    require(errno == ENOMEM, "errno is ENOMEM");
    return count;
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_barrier_init(&cached, NULL, THREADS + 1);
    pthread_barrier_init(&done, NULL, THREADS + 1);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_thread(run, NULL);
    }
    pthread_barrier_wait(&cached);
    struct ma_stats stats;
    ma_stats(&stats);
    require(stats.cached_bytes > 100000, "the threads have cached something");
    void *chain = NULL;
    size_t count = fill(&chain);
    require(count * PAGE > LIMIT - LIMIT / 16, "nearly all memory is had");
    require(count * PAGE < LIMIT, "and no more than the limit");
    ma_stats(&stats);
    require(stats.break_bytes + stats.mmap_bytes <= LIMIT, "the heap is not larger than allowed");
    require(stats.cached_bytes < 50000, "little is cached any more"); /* pages of slabs in use */
    check_heap("when memory is out");
    while (chain != NULL) {
        void *next = *(void **)chain;
        free(chain);
        chain = next;
    }
    pthread_barrier_wait(&done);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    check_heap("at the end");
    return 0;
}
