/*
 * A live set that comes and goes: what a program does that works off requests, each of which brings some buffers.
 */
#include "common.h"
#include "workloads.h"

#define WAVE_LIVE_MAX 1000

struct set {
    void *blocks[WAVE_LIVE_MAX];
    size_t count;
    struct rng rng;
};

/* Add up to `most` blocks of 512 bytes to 4 KiB; how many there was room for. */
static size_t rise(struct set *set, size_t most)
{
    size_t added = 0;
    while (added < most && set->count < WAVE_LIVE_MAX) {
        set->blocks[set->count] = allocate_touched(rng_log_uniform(&set->rng, KIB / 2, 3));
        set->count++;
        added++;
    }
    return added;
}

/* Free up to `most` blocks that are chosen at random. */
static uint64_t fall(struct set *set, size_t most)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < most && set->count > 0; i++) {
        void **block = &set->blocks[rng_below(&set->rng, set->count)];
        sum += block_first(*block);
        free(*block);
        set->count--;
        *block = set->blocks[set->count];
    }
    return sum;
}

uint64_t waves(double scale)
{
    struct set set = {.rng = {1}};
    size_t allocations = scaled(2000000, scale);
    uint64_t sum = 0;
    for (size_t done = 0; done < allocations;) {
        size_t length = rng_between(&set.rng, 1, WAVE_LIVE_MAX / 2);
        if ((rng_next(&set.rng) & 1) != 0) {
            done += rise(&set, length);
        } else {
            sum += fall(&set, length);
        }
    }
    return sum + fall(&set, WAVE_LIVE_MAX);
}
