/*
 * One thread allocates and never frees, another frees and never allocates. What the second gets back must find
 * its way to the first, or memory grows without bound.
 */
#include "probe.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SECONDS_DEFAULT 3
#define SAMPLE_MS 500
#define RING_SIZE 1024

/* How often to look at the other end of the ring before the processor is offered to its thread. */
#define SPIN_COUNT 1000

static struct {
    /* Blocks between the counts; NULL is the last. */
    void *blocks[RING_SIZE];
    /* Written by the thread that allocates. */
    alignas(128) atomic_size_t allocated;
    /* Written by the thread that frees. */
    alignas(128) atomic_size_t freed;
    /* Written by the main thread. */
    alignas(128) atomic_bool stop;
} ring;

/* Until `counter` is no longer `value`. */
static void wait_while(atomic_size_t *counter, size_t value)
{
    for (size_t i = 1; atomic_load_explicit(counter, memory_order_acquire) == value; i++) {
        if (i % SPIN_COUNT == 0) {
            sched_yield();
        }
    }
}

static void put(void *block)
{
    size_t index = atomic_load_explicit(&ring.allocated, memory_order_relaxed);
    wait_while(&ring.freed, index - RING_SIZE);
    ring.blocks[index % RING_SIZE] = block;
    atomic_store_explicit(&ring.allocated, index + 1, memory_order_release);
}

static void *take(void)
{
    size_t index = atomic_load_explicit(&ring.freed, memory_order_relaxed);
    wait_while(&ring.allocated, index);
    void *block = ring.blocks[index % RING_SIZE];
    atomic_store_explicit(&ring.freed, index + 1, memory_order_release);
    return block;
}

static void *allocate(void *argument)
{
    struct rng rng = {1};
    while (!atomic_load_explicit(&ring.stop, memory_order_relaxed)) {
        put(allocate_touched(rng_log_size(&rng, 16, 6)));
    }
    put(NULL);
    return argument;
}

static void *release(void *argument)
{
    for (void *block = take(); block != NULL; block = take()) {
        use(block);
        free(block);
    }
    return argument;
}

/* Returns the largest resident size. */
static size_t sample(size_t seconds)
{
    size_t peak = 0;
    for (size_t i = 1; i <= seconds * 1000 / SAMPLE_MS; i++) {
        sleep_ms(SAMPLE_MS);
        size_t resident = resident_kib();
        size_t operations = atomic_load_explicit(&ring.freed, memory_order_relaxed);
        printf("seconds=%.1f ops=%zu resident_kib=%zu\n", (double)i * SAMPLE_MS / 1000, operations,
               resident);
        peak = resident > peak ? resident : peak;
    }
    return peak;
}

void probe_one_frees(char **arguments)
{
    size_t seconds = only_count(arguments, SECONDS_DEFAULT);
    pthread_t allocator, releaser;
    double start = now_ns();
    require(pthread_create(&allocator, NULL, allocate, NULL), "pthread_create");
    require(pthread_create(&releaser, NULL, release, NULL), "pthread_create");
    size_t peak = sample(seconds);
    atomic_store(&ring.stop, true);
    pthread_join(allocator, NULL);
    pthread_join(releaser, NULL);
    printf("peak_kib=%zu mops=%.2f\n", peak, (double)ring.freed / (now_ns() - start) * 1e3);
}
