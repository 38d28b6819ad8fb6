/*
 * A set of live blocks, in which one chosen at random is replaced again and again.
 */
#ifndef WORKLOAD_POOL_H
#define WORKLOAD_POOL_H

#include "common.h"

struct pool {
    void **blocks;
    size_t count;
    size_t (*size)(struct rng *rng); /* of a new block; 8 or more */
    struct rng rng;
};

static inline void pool_fill(struct pool *pool)
{
    pool->blocks = allocate(pool->count * sizeof(*pool->blocks));
    for (size_t i = 0; i < pool->count; i++) {
        pool->blocks[i] = allocate_touched(pool->size(&pool->rng));
    }
}

static inline uint64_t pool_replace(struct pool *pool, size_t replacements)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < replacements; i++) {
        void **block = &pool->blocks[rng_below(&pool->rng, pool->count)];
        sum += block_first(*block);
        free(*block);
        *block = allocate_touched(pool->size(&pool->rng));
    }
    return sum;
}

static inline void pool_drop(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        free(pool->blocks[i]);
    }
    free(pool->blocks);
}

#endif
