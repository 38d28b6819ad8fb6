/*
 * Probes, each of which measures one property of an allocator.
 *
 *   probe --list
 *   probe NAME [ARGUMENTS]
 *
 * The allocator is the C library's, or one that LD_PRELOAD brings. A probe prints lines of key=value pairs; all
 * values are numbers. Exit status: 0; 1 when something fails, after a message; 2 for an unknown name.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>

struct probe {
    const char *name;
    const char *description;
    void (*run)(char **arguments);
};

static const struct probe probes[] = {
    {"latency",
     "[--histogram]: percentiles of one malloc's and one free's time, 10,000 objects of 16 bytes "
     "to 64 KiB",
     probe_latency},
    {"scale_live", "[--max N]: time for a free and malloc with 100, 1,000, ... live small objects",
     probe_scale_live},
    {"scale_threads", "million malloc and free a second with 1, 2, 4, ... 64 threads",
     probe_scale_threads},
    {"idle_threads", "[COUNT]: memory that COUNT threads keep which once freed 100 small blocks",
     probe_idle_threads},
    {"thread_gone", "[COUNT]: memory left by COUNT threads that have ended, 8 at a time",
     probe_thread_gone},
    {"one_frees", "[SECONDS]: memory and speed when one thread allocates and another frees",
     probe_one_frees},
    {"startup", "[COUNT]: time and memory that it takes to run /bin/true, COUNT times",
     probe_startup},
    {"spike", "[MIB]: resident after MIB of small objects were built and 99 % of them freed",
     probe_spike},
    {"phases", "[MIB]: resident over live while MIB of objects change their size", probe_phases},
    {"long_run", "[COUNT]: resident over live in a cache after COUNT replacements by Zipf's law",
     probe_long_run},
    {"vector", "[MIB]: time and peak of a vector that grows to MIB by doubling", probe_vector},
    {"sparse", "[COUNT]: time and memory of COUNT zeroed blocks of 64 MiB, one page touched",
     probe_sparse},
};

#define PROBE_COUNT (sizeof(probes) / sizeof(*probes))

/* Or stdio would allocate one. */
static char output_buffer[4096];

static int list(void)
{
    for (size_t i = 0; i < PROBE_COUNT; i++) {
        printf("%s\t%s\n", probes[i].name, probes[i].description);
    }
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, output_buffer, _IOLBF, sizeof(output_buffer));
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        return list();
    }
    for (size_t i = 0; i < PROBE_COUNT && argc >= 2; i++) {
        if (strcmp(probes[i].name, argv[1]) == 0) {
            probes[i].run(argv + 2);
            return 0;
        }
    }
    fputs("usage: probe --list\n       probe NAME [ARGUMENTS]\n", stderr);
    return 2;
}
