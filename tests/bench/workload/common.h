/*
 * What every workload needs: random numbers that cost little, sizes, allocation that ends the program when it
 * fails, and writing to a block as its owner would.
 */
#ifndef WORKLOAD_COMMON_H
#define WORKLOAD_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define PAGE ((size_t)4096)
#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* Says so and ends the program with status 1; also from a thread. */
_Noreturn void out_of_memory(void);

/* `count` operations at scale 1; at least one. */
static inline size_t scaled(size_t count, double scale)
{
    double result = (double)count * scale;
    return result < 1 ? 1 : (size_t)result;
}

/* splitmix64: any seed will do, also 0. */
struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t x = rng->state += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* In [0, bound), where bound < 2^32. The low half of `random` stays free for another use. */
static inline size_t rng_scale(uint64_t random, size_t bound)
{
    return (size_t)(((random >> 32) * bound) >> 32);
}

static inline size_t rng_below(struct rng *rng, size_t bound)
{
    return rng_scale(rng_next(rng), bound);
}

/* In [low, high]. */
static inline size_t rng_between(struct rng *rng, size_t low, size_t high)
{
    return low + rng_below(rng, high - low + 1);
}

/* A number that is k with probability 2^-(k+1), and `limit` at most. */
static inline size_t rng_level(uint64_t random, size_t limit)
{
    return (size_t)__builtin_ctzll(random | (uint64_t)1 << limit);
}

/* Each doubling of the size is half as frequent: from `low` to below low << (level_limit + 1). */
static inline size_t rng_power_law(struct rng *rng, size_t low, size_t level_limit)
{
    uint64_t random = rng_next(rng);
    size_t power = low << rng_level(random, level_limit);
    return power + rng_scale(random, power);
}

/* Each doubling of the size is as frequent as the others: from `low` to below low << level_count. */
static inline size_t rng_log_uniform(struct rng *rng, size_t low, size_t level_count)
{
    uint64_t random = rng_next(rng);
    size_t power = low << (random & 0xffff) * level_count / 0x10000;
    return power + rng_scale(random, power);
}

/* Objects of a usual program: of 128, 112 have 16 to 128 bytes, 15 up to 1 KiB, one up to 8 KiB. */
static inline size_t skewed_size(struct rng *rng)
{
    uint64_t random = rng_next(rng);
    size_t part = random % 128;
    if (part < 112) {
        return 16 + rng_scale(random, 113);
    }
    return part < 127 ? 129 + rng_scale(random, 896) : 1025 + rng_scale(random, 7168);
}

static inline void *allocate(size_t size)
{
    void *block = malloc(size);
    if (block == NULL) {
        out_of_memory();
    }
    return block;
}

static inline void *allocate_zeroed(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL) {
        out_of_memory();
    }
    return block;
}

static inline void *reallocate(void *block, size_t size)
{
    block = realloc(block, size);
    if (block == NULL) {
        out_of_memory();
    }
    return block;
}

/* Write a word (which block_first() reads) and one byte in each further page. */
static inline void block_touch(void *block, size_t size)
{
    *(volatile uint64_t *)block = size;
    for (size_t i = PAGE; i < size; i += PAGE) {
        ((volatile char *)block)[i] = 1;
    }
}

static inline uint64_t block_first(const void *block)
{
    return *(const volatile uint64_t *)block;
}

/* `size` is 8 or more. */
static inline void *allocate_touched(size_t size)
{
    void *block = allocate(size);
    block_touch(block, size);
    return block;
}

#endif
