/*
 * What memory is left by threads that have freed all they had and ended.
 */
#include "probe.h"

#include <pthread.h>
#include <stdio.h>

#define THREAD_COUNT_DEFAULT 10000
#define AT_A_TIME 8
#define BLOCK_COUNT 200

/* 16 bytes to 8 KiB, each power of two as often as any other. */
static size_t mixed_size(struct rng *rng)
{
    return rng_log_size(rng, 16, 9);
}

static void *allocate(void *argument)
{
    struct rng rng = {(uintptr_t)argument};
    allocate_and_free(BLOCK_COUNT, mixed_size, &rng);
    return NULL;
}

static void *do_nothing(void *argument)
{
    return argument;
}

/* `count` of them, the first of which gets the number `first`. */
static void run_threads(void *(*body)(void *), size_t first, size_t count)
{
    pthread_t threads[AT_A_TIME];
    for (size_t i = 0; i < count; i++) {
        require(pthread_create(&threads[i], NULL, body, (void *)(first + i)), "pthread_create");
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* The C library keeps the stacks of ended threads: they must be there before. */
void probe_thread_gone(char **arguments)
{
    size_t count = only_count(arguments, THREAD_COUNT_DEFAULT);
    run_threads(do_nothing, 0, AT_A_TIME);
    size_t before = resident_kib();
    for (size_t i = 0; i < count; i += AT_A_TIME) {
        run_threads(allocate, i, count - i < AT_A_TIME ? count - i : AT_A_TIME);
    }
    size_t after = resident_kib();
    printf("threads=%zu before_kib=%zu after_kib=%zu left_kib=%.0f\n", count, before, after,
           (double)after - (double)before);
}
