/*
 * How much memory the program has resident.
 */
#ifndef MA_TESTS_THREADS_RESIDENT_H
#define MA_TESTS_THREADS_RESIDENT_H

#include "common.h"

#include <fcntl.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

/* Bytes. Does not allocate. */
static inline size_t resident_bytes(void)
{
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    require(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "/proc/self/statm can be read");
    close(fd);
    char *second = strchr(text, ' ');
    require(second != NULL, "/proc/self/statm has a second number");
    return strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Stop unless the program has at most `bound` bytes more than at `before`. */
static inline void require_growth(size_t before, size_t bound, const char *when)
{
    size_t now = resident_bytes();
    size_t growth = now > before ? now - before : 0;
    /* Without stdio, whose buffer would be a block of its own at the heap's end. */
    char line[200];
    int length =
        snprintf(line, sizeof(line), "%s: %zu KiB more are resident\n", when, growth / KIB);
    require(write(STDOUT_FILENO, line, (size_t)length) == length, "stdout can be written to");
    if (growth > bound) {
        fail("%s: %zu KiB more are resident, at most %zu expected", when, growth / KIB,
             bound / KIB);
    }
}

#endif
