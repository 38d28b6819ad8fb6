/*
 * Whether the process has one thread only.
 *
 * Then nobody else looks at what this thread does, and plain accesses do in place of atomic ones, which wait until all that was
 * written before has arrived in the cache.
 */
#ifndef MA_OS_ALONE_H
#define MA_OS_ALONE_H

#include <stdbool.h>
#include <stddef.h>

/* glibc 2.32; <sys/single_threaded.h> does not declare it weak. */
extern char __libc_single_threaded __attribute__((weak));

/*
 * True: no other thread is there, nor will be before the caller creates one. A signal handler may run between any two
 * instructions all the same.
 */
static inline bool os_is_alone(void)
{
    return &__libc_single_threaded != NULL && __libc_single_threaded;
}

#endif
