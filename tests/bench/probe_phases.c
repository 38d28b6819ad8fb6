/*
 * A program whose live set keeps its size in bytes while its objects change theirs: what one phase has left, in no order,
 * has to serve the next. The most that is resident, over what is live?
 */
#include "probe_live.h"

#include <stdio.h>
#include <string.h>

#define MIB_DEFAULT 200

static const size_t mean_sizes[] = {100, 1000, 10240, 300};
#define PHASE_COUNT (sizeof(mean_sizes) / sizeof(*mean_sizes))
#define LEAST_MEAN 100

/* Objects between two looks at what is resident are so many bytes. */
#define SAMPLE_BYTES ((size_t)4 << 20)

/* Half to one and a half of the mean. */
static size_t size_about(struct rng *rng, size_t mean)
{
    return mean / 2 + rng_below(rng, mean);
}

/* Fill places from `place` on until so many bytes are live; the first that is left. */
static size_t fill(struct live *live, size_t place, size_t bytes, size_t mean, struct rng *rng)
{
    while (live->bytes < bytes && place < live->count) {
        live_put(live, place++, size_about(rng, mean));
    }
    return place;
}

/* Free what the first `used` places have, and replace it by objects of another mean size. How many there are then, which
 * have moved to the first places. */
static size_t change(struct live *live, size_t used, size_t bytes, size_t mean, struct rng *rng)
{
    size_t end = used;
    size_t since_sample = 0;
    live_shuffle(live, used, rng);
    for (size_t i = 0; i < used; i++) {
        since_sample += live->blocks[i].size;
        live_put(live, i, 0);
        end = fill(live, end, bytes, mean, rng);
        if (since_sample >= SAMPLE_BYTES) {
            live_sample(live);
            since_sample = 0;
        }
    }
    memmove(live->blocks, live->blocks + used, (end - used) * sizeof(struct live_block));
    memset(live->blocks + (end - used), 0, used * sizeof(struct live_block));
    return end - used;
}

void probe_phases(char **arguments)
{
    struct rng rng = {3};
    struct live live;
    size_t bytes = only_count(arguments, MIB_DEFAULT) << 20;
    live_start(&live, 3 * bytes / LEAST_MEAN);
    double start = cpu_ns();
    size_t used = fill(&live, 0, bytes, mean_sizes[0], &rng);
    for (size_t i = 1; i <= PHASE_COUNT; i++) {
        used = change(&live, used, bytes, mean_sizes[i % PHASE_COUNT], &rng);
    }
    live_print(&live, "end");
    printf("peak_kib=%zu peak_over_live=%.3f cpu_ms=%.0f\n", live.peak_kib,
           (double)live.peak_over_live / 1000, (cpu_ns() - start) / 1e6);
}
