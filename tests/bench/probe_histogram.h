/*
 * A histogram of durations in ticks: exact below 256, then 128 steps for each power of two: to within 1%.
 * It allocates
 * nothing, and the counters in use fill few cache lines.
 */
#ifndef PROBE_HISTOGRAM_H
#define PROBE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define STEPS_LOG2 7
#define STEPS ((size_t)1 << STEPS_LOG2)
#define STEP_COUNT ((64 - STEPS_LOG2 + 1) * STEPS)

struct histogram {
    uint32_t counts[STEP_COUNT];
    uint64_t total;
    uint64_t max;
};

/* A value from 2^e on, e >= 7, belongs to one of 128 steps of width 2^(e-7), the first of which starts at 2^e. */
static inline size_t histogram_step(uint64_t ticks)
{
    if (ticks < STEPS) {
        return (size_t)ticks;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(ticks) - STEPS_LOG2;
    return shift * STEPS + (size_t)(ticks >> shift);
}

/* The middle of a step, the other way round. */
static inline double histogram_ticks(size_t step)
{
    if (step < 2 * STEPS) {
        return (double)step;
    }
    size_t shift = step / STEPS - 1;
    uint64_t width = (uint64_t)1 << shift;
    return (double)((step - shift * STEPS) * width) + (double)(width - 1) / 2;
}

static inline void histogram_record(struct histogram *histogram, uint64_t ticks)
{
    histogram->counts[histogram_step(ticks)]++;
    histogram->total++;
    if (ticks > histogram->max) {
        histogram->max = ticks;
    }
}

/*
 * How many were below `ticks`.
 *
 * A clock that advances in strides of several ticks, as some do, turns each duration into a multiple of the
 * stride, the one below or the one above as chance has it. So what was recorded for a multiple is spread
 * evenly over the stride before it. That moves all results by the same amount, the timer's own cost too.
 */
static inline double histogram_below(const struct histogram *histogram, double ticks, double stride)
{
    double below = 0;
    for (size_t step = 0; step < STEP_COUNT && histogram_ticks(step) - stride < ticks; step++) {
        double part = (ticks - (histogram_ticks(step) - stride)) / stride;
        below += histogram->counts[step] * (part < 1 ? part : 1);
    }
    return below;
}

/* The value that `fraction` of all are below; to half a tick. */
static inline double histogram_quantile(const struct histogram *histogram, double fraction,
                                        double stride)
{
    double low = 0;
    double high = (double)histogram->max;
    while (high - low > 0.5) {
        double middle = (low + high) / 2;
        if (histogram_below(histogram, middle, stride) < fraction * (double)histogram->total) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

#endif
