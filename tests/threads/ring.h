/*
 * Blocks on their way from one thread to another, in order.
 */
#ifndef MA_TESTS_THREADS_RING_H
#define MA_TESTS_THREADS_RING_H

#include "common.h"

#include <sched.h>

enum { RING = 256 };

/* One thread puts blocks in, one takes them out. */
struct ring {
    struct stamped *slots[RING];
    size_t written; /* atomic */
    size_t read;    /* atomic */
};

/* Wait until fewer than `most` blocks, RING at most, are on their way, and send one more. */
static inline void ring_put(struct ring *ring, struct stamped *block, size_t most)
{
    size_t at = ring->written;
    while (at - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) >= most) {
        sched_yield();
    }
    ring->slots[at % RING] = block;
    __atomic_store_n(&ring->written, at + 1, __ATOMIC_RELEASE);
}

/* NULL where there is none. */
static inline struct stamped *ring_take(struct ring *ring)
{
    size_t at = ring->read;
    if (at == __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE)) {
        return NULL;
    }
    struct stamped *block = ring->slots[at % RING];
    __atomic_store_n(&ring->read, at + 1, __ATOMIC_RELEASE);
    return block;
}

#endif
