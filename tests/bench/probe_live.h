/*
 * A set of live blocks whose bytes are counted. Its table is no part of the memory that is measured.
 */
#ifndef PROBE_LIVE_H
#define PROBE_LIVE_H

#include "probe.h"

struct live_block {
    void *block; /* NULL: none */
    size_t size;
};

struct live {
    struct live_block *blocks;
    size_t count;
    size_t bytes;          /* of all blocks, as they were asked for */
    size_t baseline_kib;   /* what was resident before the first block */
    size_t peak_kib;       /* the most at any live_sample() */
    size_t peak_over_live; /* the most that was resident over live at any, in thousandths */
};

/* A set of `count` places, all empty. */
void live_start(struct live *live, size_t count);

/* Put a block of `size` bytes, all of them written, in the place; what was there is freed. 0: nothing. */
void live_put(struct live *live, size_t place, size_t size);

/* Resident KiB over the baseline now. */
size_t live_sample(struct live *live);

/* Put the first `count` places in a random order. */
void live_shuffle(struct live *live, size_t count, struct rng *rng);

/* Print what is resident now, what is live, and the first over the second, as NAME_kib, live_kib, NAME_over_live. */
void live_print(struct live *live, const char *name);

#endif
