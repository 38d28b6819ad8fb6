/*
 * What memory an allocator keeps for threads that have once freed all they had and now wait.
 *
 * As many threads that allocate nothing are measured first: their stacks are no part of it. Each of the two is
 * done in a child of its own, so that neither finds what the other has left.
 */
#include "probe.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD_COUNT_DEFAULT 1000
#define BLOCK_COUNT 100
#define STACK_SIZE ((size_t)64 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_idle = PTHREAD_COND_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

/* Protected by the lock. */
static size_t active_count;

/* Constant while there are threads. */
static bool allocates;

_Noreturn static void *work(void *argument)
{
    struct rng rng = {(uintptr_t)argument};
    if (allocates) {
        allocate_and_free(BLOCK_COUNT, small_size, &rng);
    }
    pthread_mutex_lock(&lock);
    if (--active_count == 0) {
        pthread_cond_signal(&all_idle);
    }
    for (;;) {
        pthread_cond_wait(&never, &lock);
    }
}

static void start_and_wait(size_t count)
{
    pthread_attr_t attributes;
    pthread_t thread;
    require(pthread_attr_init(&attributes), "pthread_attr_init");
    require(pthread_attr_setstacksize(&attributes, STACK_SIZE), "pthread_attr_setstacksize");
    active_count = count;
    for (size_t i = 0; i < count; i++) {
        require(pthread_create(&thread, &attributes, work, (void *)i), "pthread_create");
    }
    pthread_mutex_lock(&lock);
    while (active_count != 0) {
        pthread_cond_wait(&all_idle, &lock);
    }
    pthread_mutex_unlock(&lock);
}

_Noreturn static void measure(size_t count, int out)
{
    start_and_wait(count);
    size_t resident = resident_kib();
    if (write(out, &resident, sizeof(resident)) != sizeof(resident)) {
        fail("write");
    }
    _exit(0);
}

/* Resident KiB of a process with `count` idle threads. */
static size_t measure_in_child(size_t count)
{
    int ends[2];
    size_t resident;
    if (pipe(ends) != 0) {
        fail("pipe");
    }
    pid_t child = fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        measure(count, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &resident, sizeof(resident)) != sizeof(resident)) {
        reject("the child has failed");
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    return resident;
}

void probe_idle_threads(char **arguments)
{
    size_t count = only_count(arguments, THREAD_COUNT_DEFAULT);
    allocates = false;
    size_t baseline = measure_in_child(count);
    allocates = true;
    size_t resident = measure_in_child(count);
    double kept = (double)resident - (double)baseline;
    printf("threads=%zu baseline_kib=%zu resident_kib=%zu kept_kib=%.0f per_thread_kib=%.2f\n",
           count, baseline, resident, kept, kept / (double)count);
}
