/*
 * One thread only allocates, another only frees: what is freed must come back to the first, or
 * the heap would grow by all that is ever allocated.
 */
#include "resident.h"

#include <sched.h>

enum { RING = 1024, BLOCKS = 600000, WARM_BLOCKS = 60000 };

static void *ring[RING];
static size_t written;    /* atomic */
static size_t read_count; /* atomic */

static void *consume(void *context)
{
    (void)context;
    for (size_t at = 0; at < BLOCKS; at++) {
        while (__atomic_load_n(&written, __ATOMIC_ACQUIRE) == at) {
            sched_yield();
        }
        free(ring[at % RING]);
        __atomic_store_n(&read_count, at + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    uint64_t random = 1;
    size_t before = 0;
    pthread_t consumer = start_thread(consume, NULL);
    for (size_t at = 0; at < BLOCKS; at++) {
        while (at - __atomic_load_n(&read_count, __ATOMIC_ACQUIRE) == RING) {
            sched_yield();
        }
        size_t size = 1 + random_below(&random, at % 64 == 0 ? 8000 : 512);
        void *block = malloc(size);
        require(block != NULL, "memory is not out");
        memset(block, (int)at, size);
        ring[at % RING] = block;
        __atomic_store_n(&written, at + 1, __ATOMIC_RELEASE);
        before = at == WARM_BLOCKS ? resident_bytes() : before;
    }
    pthread_join(consumer, NULL);
    /* What does not come back would be 170 MiB. Each of several cores may keep some free pages for a while. */
    require_growth(before, 4 * MIB, "after ten times as many blocks");
    check_heap("after all blocks were freed by the other");
    return 0;
}
