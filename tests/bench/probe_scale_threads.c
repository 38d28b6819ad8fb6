/*
 * How many objects a second all threads together replace, against the number of threads. Each has its own
 * objects; only the allocator is shared.
 */
#include "probe.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define THREAD_COUNT_MAX 64
#define OBJECT_COUNT 200
#define DURATION_MS 300

/* How often a thread looks whether to stop. */
#define BATCH 100

struct worker {
    alignas(128) pthread_t thread;
    struct rng rng;
    size_t replaced;
};

static struct worker workers[THREAD_COUNT_MAX];
static pthread_barrier_t filled;
static atomic_bool stop;

static void replace(void **objects, struct rng *rng)
{
    for (size_t i = 0; i < BATCH; i++) {
        void **object = &objects[rng_below(rng, OBJECT_COUNT)];
        free(*object);
        *object = allocate_touched(small_size(rng));
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct rng rng = worker->rng;
    void *objects[OBJECT_COUNT];
    for (size_t i = 0; i < OBJECT_COUNT; i++) {
        objects[i] = allocate_touched(small_size(&rng));
    }
    pthread_barrier_wait(&filled);
    size_t replaced = 0;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        replace(objects, &rng);
        replaced += BATCH;
    }
    worker->replaced = replaced;
    for (size_t i = 0; i < OBJECT_COUNT; i++) {
        free(objects[i]);
    }
    return NULL;
}

static void start(size_t count)
{
    atomic_store(&stop, false);
    require(pthread_barrier_init(&filled, NULL, (unsigned)count + 1), "pthread_barrier_init");
    for (size_t i = 0; i < count; i++) {
        workers[i].rng.state = i;
        require(pthread_create(&workers[i].thread, NULL, work, &workers[i]), "pthread_create");
    }
}

/* Returns how many objects all of them have replaced. */
static size_t join(size_t count)
{
    size_t replaced = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        replaced += workers[i].replaced;
    }
    pthread_barrier_destroy(&filled);
    return replaced;
}

static void measure(size_t count)
{
    start(count);
    pthread_barrier_wait(&filled);
    double start_ns = now_ns();
    sleep_ms(DURATION_MS);
    atomic_store(&stop, true);
    double passed_ns = now_ns() - start_ns;
    printf("threads=%zu mops=%.2f\n", count, (double)join(count) / passed_ns * 1e3);
}

void probe_scale_threads(char **arguments)
{
    no_arguments(arguments);
    for (size_t count = 1; count <= THREAD_COUNT_MAX; count *= 2) {
        measure(count);
    }
}
