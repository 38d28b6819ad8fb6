#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    _exit(1);
}

_Noreturn void reject(const char *what)
{
    fprintf(stderr, "probe: %s\n", what);
    _exit(1);
}

void require(int error, const char *what)
{
    if (error != 0) {
        errno = error;
        fail(what);
    }
}

size_t parse_count(const char *text)
{
    char *end;
    double count = strtod(text, &end); /* 1e7 is a count, too */
    if (end == text || *end != '\0' || !(count >= 1 && count < 1e12)) {
        reject("not a count");
    }
    return (size_t)count;
}

size_t only_count(char **arguments, size_t otherwise)
{
    if (arguments[0] == NULL) {
        return otherwise;
    }
    if (arguments[1] != NULL) {
        reject("too many arguments");
    }
    return parse_count(arguments[0]);
}

void no_arguments(char **arguments)
{
    if (arguments[0] != NULL) {
        reject("this probe takes no arguments");
    }
}

static double clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

double cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void sleep_ms(unsigned milliseconds)
{
    struct timespec left = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Not with stdio, which would allocate. */
size_t resident_kib(void)
{
    char text[1024];
    int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        fail("/proc/self/smaps_rollup");
    }
    ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(text, "\nRss:");
    if (line == NULL) {
        reject("/proc/self/smaps_rollup tells no Rss");
    }
    return strtoul(line + strlen("\nRss:"), NULL, 10);
}

void *allocate_touched(size_t size)
{
    void *block = malloc(size);
    if (block == NULL) {
        fail("malloc");
    }
    touch(block, size);
    return block;
}

void allocate_and_free(size_t count, size_t (*size)(struct rng *rng), struct rng *rng)
{
    void **list = NULL;
    for (size_t i = 0; i < count; i++) {
        void **block = allocate_touched(size(rng));
        *block = list;
        list = block;
    }
    while (list != NULL) {
        void **next = *list;
        free(list);
        list = next;
    }
}
