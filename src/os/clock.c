/*
 * The time, as far as it decides what memory goes back.
 */
#include "os/os.h"

#include <errno.h>
#include <time.h>

uint64_t os_milliseconds(void)
{
    struct timespec now = {0};
    int saved_errno = errno;
    clock_gettime(CLOCK_MONOTONIC_COARSE,
                  &now); /* no system call, and good to a few milliseconds */
    errno = saved_errno;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
