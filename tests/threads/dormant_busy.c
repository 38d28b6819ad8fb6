/*
 * Threads take slabs from under one another: owners that sleep, that free the last object of a slab themselves just then, and that
 * go on allocating. Nothing may be handed out twice.
 */
#include "common.h"

#include <stdatomic.h>

enum { THREADS = 4, SLOTS = 4096, TURNS = 60, LARGEST = 700 };

static void *_Atomic slots[SLOTS];

static void *stamped(size_t size, uint64_t stamp)
{
    uint64_t *block = malloc(size);
    require(block != NULL, "memory is not out");
    block[0] = stamp;
    block[size / sizeof(*block) - 1] = ~stamp;
    block[1] = size;
    return block;
}

static void check_and_free(void *payload)
{
    const uint64_t *block = payload;
    if (block != NULL) {
        require(block[block[1] / sizeof(*block) - 1] == ~block[0], "the block is as it was left");
        free(payload);
    }
}

/* Builds much, and lets others free it, while it sleeps or frees some itself. */
static void *work(void *context)
{
    uint64_t random = (uintptr_t)context + 1;
    for (int turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < 4 * SLOTS; i++) {
            size_t size = (32 + random_below(&random, LARGEST)) & ~(size_t)7;
            size_t slot = random_below(&random, SLOTS);
            check_and_free(atomic_exchange(&slots[slot], stamped(size, random | 1)));
        }
        if (random_below(&random, 2) == 0) {
            usleep(3000);
        }
        for (size_t i = 0; i < SLOTS / 2; i++) {
            check_and_free(atomic_exchange(&slots[random_below(&random, SLOTS)], NULL));
        }
    }
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    run_at_once(work, THREADS, 0);
    for (size_t i = 0; i < SLOTS; i++) {
        check_and_free(slots[i]);
    }
    check_heap("after all was freed");
    return 0;
}
