/*
 * Threads that work side by side.
 */
#ifndef WORKLOAD_THREADS_H
#define WORKLOAD_THREADS_H

#include <pthread.h>
#include <stddef.h>

#define THREAD_COUNT_MAX 64

/* Run `body` in `count` threads and wait for all; thread i gets arguments + i * argument_size. */
void run_threads(size_t count, void *(*body)(void *), void *arguments, size_t argument_size);

/* Start one that nobody waits for. */
void start_detached(void *(*body)(void *), void *argument);

#endif
