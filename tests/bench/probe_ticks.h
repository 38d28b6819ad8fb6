/*
 * A clock for a few nanoseconds: the processor's own, which runs at a constant rate, fenced so that just what
 * stands between ticks_before() and ticks_after() is timed. Elsewhere than on x86-64, the C library's.
 */
#ifndef PROBE_TICKS_H
#define PROBE_TICKS_H

#include <stdint.h>

#if defined(__x86_64__)
#include <x86intrin.h>

static inline uint64_t ticks_before(void)
{
    _mm_lfence();
    uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
}

static inline uint64_t ticks_after(void)
{
    unsigned processor;
    uint64_t ticks = __rdtscp(&processor);
    _mm_lfence();
    return ticks;
}

#else
#include <time.h>

static inline uint64_t ticks_before(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t ticks_after(void)
{
    return ticks_before();
}

#endif

/* The number of ticks by which the clock advances at a time. */
static inline uint64_t ticks_stride(void)
{
    uint64_t stride = 0;
    uint64_t last = ticks_before();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = ticks_before();
        uint64_t rest = now - last;
        while (rest != 0) { /* the greatest common divisor */
            uint64_t divisor = rest;
            rest = stride % divisor;
            stride = divisor;
        }
        last = now;
    }
    return stride;
}

#endif
