/*
 * How long one malloc and one free take.
 *
 * An object chosen at random is replaced, again and again. Between the two calls and after them nothing is timed:
 * there the program reads and writes the object as its owner would, and pays for the page faults.
 *
 * Beside each pair of calls an empty measurement is made. Its median is the timer's own cost, which all results
 * are without; its tail ("noise") shows what interrupts and the scheduler add. They hit a longer call more often.
 */
#include "probe.h"
#include "probe_histogram.h"
#include "probe_ticks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_COUNT 10000
#define WARM_UP_COUNT 500000
#define REPLACE_COUNT 5000000

/* The printed histogram: below 1 ns, then four buckets for each power of two. */
#define BUCKET_COUNT (1 + 4 * 40)

static struct {
    struct histogram of_malloc;
    struct histogram of_free;
    struct histogram noise;
} times;

struct scale {
    double ns_per_tick;
    double stride_ticks;
    double timer_ticks;
};

static void *objects[OBJECT_COUNT];
static struct rng rng = {1};

/* Half below 32 bytes, a quarter below 64, and so on to 4 KiB; one in 128 of 4 to 64 KiB. */
static size_t skewed_size(void)
{
    uint64_t random = rng_next(&rng);
    if (random % 128 == 0) {
        return rng_log_size(&rng, 4096, 4);
    }
    size_t power = (size_t)16 << __builtin_ctzll(random >> 7 | 1 << 7);
    return power + rng_below(&rng, power);
}

static void time_nothing(void)
{
    uint64_t start = ticks_before();
    uint64_t end = ticks_after();
    histogram_record(&times.noise, end - start);
}

static void time_free(void *object)
{
    uint64_t start = ticks_before();
    free(object);
    uint64_t end = ticks_after();
    histogram_record(&times.of_free, end - start);
}

static void *time_malloc(size_t size)
{
    uint64_t start = ticks_before();
    void *object = malloc(size);
    uint64_t end = ticks_after();
    histogram_record(&times.of_malloc, end - start);
    if (object == NULL) {
        fail("malloc");
    }
    return object;
}

static void replace(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void **object = &objects[rng_below(&rng, OBJECT_COUNT)];
        size_t size = skewed_size();
        use(*object);
        time_free(*object);
        *object = time_malloc(size);
        touch(*object, size);
        time_nothing();
    }
}

/* Returns nanoseconds for a tick; over the seconds that this takes, they can be told exactly. */
static double measure(void)
{
    double start_ns = now_ns();
    uint64_t start = ticks_before();
    replace(REPLACE_COUNT);
    uint64_t end = ticks_after();
    return (now_ns() - start_ns) / (double)(end - start);
}

/* Without the timer's own cost. */
static double to_ns(const struct scale *scale, double ticks)
{
    double net = ticks - scale->timer_ticks;
    return net > 0 ? net * scale->ns_per_tick : 0;
}

static double quantile_ns(const struct scale *scale, const struct histogram *histogram,
                          double fraction)
{
    return to_ns(scale, histogram_quantile(histogram, fraction, scale->stride_ticks));
}

static void print_summary(const char *name, const struct histogram *histogram,
                          const struct scale *scale)
{
    printf("%s_p50=%.1f %s_p99=%.1f %s_p9999=%.1f %s_max=%.1f\n", name,
           quantile_ns(scale, histogram, 0.5), name, quantile_ns(scale, histogram, 0.99), name,
           quantile_ns(scale, histogram, 0.9999), name, to_ns(scale, (double)histogram->max));
}

/* Where a bucket begins. */
static double bucket_ns(size_t bucket)
{
    if (bucket == 0) {
        return 0;
    }
    double power = (double)((uint64_t)1 << (bucket - 1) / 4);
    return power * (1 + (double)((bucket - 1) % 4) / 4);
}

/* The first bucket takes in what seems to be shorter than the timer's own cost. */
static double bucket_size(const struct histogram *histogram, const struct scale *scale,
                          size_t bucket)
{
    double start = bucket_ns(bucket) / scale->ns_per_tick + scale->timer_ticks;
    double end = bucket_ns(bucket + 1) / scale->ns_per_tick + scale->timer_ticks;
    return histogram_below(histogram, end, scale->stride_ticks) -
           (bucket == 0 ? 0 : histogram_below(histogram, start, scale->stride_ticks));
}

static void print_histograms(const struct scale *scale)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        double of_malloc = bucket_size(&times.of_malloc, scale, i);
        double of_free = bucket_size(&times.of_free, scale, i);
        double noise = bucket_size(&times.noise, scale, i);
        if (of_malloc + of_free + noise >= 0.5) {
            printf("bucket_ns=%.2f malloc_count=%.0f free_count=%.0f noise_count=%.0f\n",
                   bucket_ns(i), of_malloc, of_free, noise);
        }
    }
}

static bool wants_histogram(char **arguments)
{
    if (arguments[0] == NULL) {
        return false;
    }
    if (strcmp(arguments[0], "--histogram") != 0 || arguments[1] != NULL) {
        reject("latency takes --histogram alone");
    }
    return true;
}

void probe_latency(char **arguments)
{
    bool histogram = wants_histogram(arguments);
    for (size_t i = 0; i < OBJECT_COUNT; i++) {
        objects[i] = allocate_touched(skewed_size());
    }
    replace(WARM_UP_COUNT);
    memset(&times, 0, sizeof(times));

    struct scale scale = {.ns_per_tick = measure(), .stride_ticks = (double)ticks_stride()};
    scale.timer_ticks = histogram_quantile(&times.noise, 0.5, scale.stride_ticks);

    printf("operations=%d timer_ns=%.1f clock_stride_ns=%.2f\n", 2 * REPLACE_COUNT,
           scale.timer_ticks * scale.ns_per_tick, scale.stride_ticks * scale.ns_per_tick);
    print_summary("malloc", &times.of_malloc, &scale);
    print_summary("free", &times.of_free, &scale);
    print_summary("noise", &times.noise, &scale);
    if (histogram) {
        print_histograms(&scale);
    }
}
