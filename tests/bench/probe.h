/*
 * What every probe needs: failure, arguments, random numbers, time, resident memory, blocks that are really
 * used; and the list of the probes.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>
#include <stdint.h>

/* The probes, each in the file probe_NAME.c; `arguments` ends in NULL. They print, or fail. */
void probe_latency(char **arguments);
void probe_scale_live(char **arguments);
void probe_scale_threads(char **arguments);
void probe_idle_threads(char **arguments);
void probe_thread_gone(char **arguments);
void probe_one_frees(char **arguments);
void probe_startup(char **arguments);
void probe_spike(char **arguments);
void probe_phases(char **arguments);
void probe_long_run(char **arguments);
void probe_vector(char **arguments);
void probe_sparse(char **arguments);

/* Print what has failed, and errno's reason; end the program with status 1. */
_Noreturn void fail(const char *what);

/* The same without a reason. */
_Noreturn void reject(const char *what);

/* For the functions that return an error number: fail unless it is 0. */
void require(int error, const char *what);

/* A number from 1 on, such as 300 or 1e7, without its fraction; or fail. */
size_t parse_count(const char *text);

/* The only argument, as a count; `otherwise` if there is none. */
size_t only_count(char **arguments, size_t otherwise);

void no_arguments(char **arguments);

double now_ns(void);

/* What the calling thread has used. */
double cpu_ns(void);

void sleep_ms(unsigned milliseconds);

/* Of this process, counted page by page: what statm says lags behind by some pages for each thread or CPU. */
size_t resident_kib(void);

/* splitmix64: any seed will do. */
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

/* In [0, bound), where bound < 2^32. */
static inline size_t rng_below(struct rng *rng, size_t bound)
{
    return (size_t)(((rng_next(rng) >> 32) * bound) >> 32);
}

/* In [low, 2^range_log2 * low), each power of two as often as any other. */
static inline size_t rng_log_size(struct rng *rng, size_t low, unsigned range_log2)
{
    size_t power = low << rng_below(rng, range_log2);
    return power + rng_below(rng, power);
}

/* 16 to 256 bytes, any as often. */
static inline size_t small_size(struct rng *rng)
{
    return 16 + rng_below(rng, 256 - 16 + 1);
}

/* Write the first word of a block of 8 bytes or more, and a byte of each page. */
static inline void touch(void *block, size_t size)
{
    for (size_t i = 0; i < size; i += 4096) {
        ((volatile char *)block)[i] = 1;
    }
    *(volatile uint64_t *)block = size;
}

/* A block that has been touched; or fail. */
void *allocate_touched(size_t size);

/* Read the first word, as a program does before it is done with a block. */
static inline void use(const void *block)
{
    (void)*(const volatile uint64_t *)block;
}

/* Allocate `count` blocks, then free them. They are listed in themselves, so that no table counts as memory. */
void allocate_and_free(size_t count, size_t (*size)(struct rng *rng), struct rng *rng);

#endif
