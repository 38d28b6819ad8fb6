/*
 * What it takes to start a program that does nothing, with this probe's environment, so with its LD_PRELOAD.
 *
 * Time is that of posix_spawn and the program's run. Memory is another matter: what the kernel reports for a
 * program counts what its process had before exec, and a spawned one has all of the probe's. So that is asked of
 * a forked one, which has few pages before exec.
 */
#include "probe.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_DEFAULT 300
#define PROGRAM "/bin/true"

static char *const program_arguments[] = {PROGRAM, NULL};

static pid_t start_by_spawn(void)
{
    pid_t child;
    require(posix_spawn(&child, PROGRAM, NULL, NULL, program_arguments, environ), PROGRAM);
    return child;
}

static pid_t start_by_fork(void)
{
    pid_t child = fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        execve(PROGRAM, program_arguments, environ);
        _exit(127);
    }
    return child;
}

/* Returns the program's largest resident size in KiB. */
static long wait_for(pid_t child)
{
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0) {
        fail("wait4");
    }
    if (status != 0) {
        reject(PROGRAM " has failed");
    }
    return usage.ru_maxrss;
}

static double time_one_us(void)
{
    double start = now_ns();
    wait_for(start_by_spawn());
    return (now_ns() - start) / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void probe_startup(char **arguments)
{
    size_t count = only_count(arguments, COUNT_DEFAULT);
    double *times_us = calloc(count, sizeof(*times_us));
    if (times_us == NULL) {
        fail("calloc");
    }
    long peak_kib = wait_for(start_by_fork());
    for (size_t i = 0; i < count; i++) {
        times_us[i] = time_one_us();
    }
    qsort(times_us, count, sizeof(*times_us), compare);
    printf("us_min=%.1f us_median=%.1f peak_kib=%ld\n", times_us[0], times_us[count / 2], peak_kib);
    free(times_us);
}
