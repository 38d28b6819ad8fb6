/*
 * A cache that runs for long: its entries have all sizes, and are replaced the more often, the more popular they are
 * (Zipf's law: the k-th with a frequency of 1/k). How much more is resident than live at the end?
 */
#include "probe_live.h"

#include <math.h>
#include <stdio.h>

#define OPERATIONS_DEFAULT 20000000
#define ENTRY_COUNT 50000

/* A number below `count`, k with a probability of about 1/(k + 1). */
static size_t popular(struct rng *rng, double log_count)
{
    double even = (double)(rng_next(rng) >> 11) * 0x1p-53;
    return (size_t)exp(even * log_count) - 1;
}

void probe_long_run(char **arguments)
{
    struct rng rng = {5};
    struct live live;
    size_t operations = only_count(arguments, OPERATIONS_DEFAULT);
    live_start(&live, ENTRY_COUNT);
    for (size_t i = 0; i < live.count; i++) {
        live_put(&live, i, rng_log_size(&rng, 16, 10));
    }
    live_sample(&live);
    double log_count = log((double)live.count);
    double start = cpu_ns();
    for (size_t i = 0; i < operations; i++) {
        live_put(&live, popular(&rng, log_count), rng_log_size(&rng, 16, 10));
        if (i % (operations / 20 + 1) == 0) {
            live_sample(&live);
        }
    }
    double ns = (cpu_ns() - start) / (double)operations;
    live_print(&live, "end");
    printf("peak_kib=%zu ns=%.1f\n", live.peak_kib, ns);
}
