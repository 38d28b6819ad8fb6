/*
 * Many small objects are built, 99 of 100 are freed in no order, and the program goes on with little to do. What is
 * resident two seconds later?
 */
#include "probe_live.h"

#include <stdio.h>

#define MIB_DEFAULT 1024
#define MEAN_BYTES 515 /* 16 bytes to 2 KiB, each doubling as often */
#define KEPT_SHARE 100
#define TRICKLE_MS 2000
#define TRICKLE_COUNT 100 /* objects replaced in each millisecond */

static size_t size_of(struct rng *rng)
{
    return rng_log_size(rng, 16, 7);
}

static void trickle(struct live *live, size_t kept, struct rng *rng)
{
    for (double end = now_ns() + TRICKLE_MS * 1e6; now_ns() < end; sleep_ms(1)) {
        for (int i = 0; i < TRICKLE_COUNT; i++) {
            live_put(live, rng_below(rng, kept), size_of(rng));
        }
    }
}

void probe_spike(char **arguments)
{
    struct rng rng = {7};
    struct live live;
    live_start(&live, only_count(arguments, MIB_DEFAULT) * 1048576 / MEAN_BYTES);
    double start = cpu_ns();
    for (size_t i = 0; i < live.count; i++) {
        live_put(&live, i, size_of(&rng));
    }
    size_t peak = live_sample(&live);
    live_shuffle(&live, live.count, &rng);
    size_t kept = live.count / KEPT_SHARE + 1;
    for (size_t i = kept; i < live.count; i++) {
        live_put(&live, i, 0);
    }
    trickle(&live, kept, &rng);
    live_print(&live, "settled");
    printf("peak_kib=%zu settled_of_peak=%.3f cpu_ms=%.0f\n", peak,
           (double)live_sample(&live) / (double)peak, (cpu_ns() - start) / 1e6);
}
