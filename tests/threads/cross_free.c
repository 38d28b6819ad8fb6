/*
 * Producers allocate, consumers verify and free: in rings of one producer and one consumer, and
 * each consumer produces for the next, so that every thread does both.
 */
#include "ring.h"

enum { THREADS = 4 };

static size_t block_count = 150000; /* for each thread */

static struct ring rings[THREADS];

static void *run(void *context)
{
    int number = (int)(intptr_t)context;
    struct ring *in = &rings[number];
    struct ring *out = &rings[(number + 1) % THREADS];
    uint64_t random = (uint64_t)number;
    size_t freed = 0;
    for (size_t i = 0; i < block_count || freed < block_count;) {
        if (i < block_count && i <= freed + RING / 2) {
            ring_put(out, new_stamped(random_size(&random), (unsigned char)i), RING);
            i++;
        }
        struct stamped *block = ring_take(in);
        if (block != NULL) {
            block = freed % 16 == 0 ? resize_stamped(block, random_size(&random)) : block;
            free_stamped(block);
            freed++;
        } else if (i == block_count || i > freed + RING / 2) {
            sched_yield();
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    be_impatient();
    require_library();
    block_count = argc > 1 ? strtoul(argv[1], NULL, 10) : block_count;
    run_at_once(run, THREADS, 0);
    check_heap("after all blocks were freed by others");
    printf("%zu blocks freed by other threads\n", THREADS * block_count);
    return 0;
}
