/*
 * A profiler's signal handler, driven by ITIMER_PROF, allocates and frees while several threads do
 * little else: of small classes that are warm, so that it interrupts the fast paths. What it
 * allocates may be freed by whom it interrupted, and the reverse.
 */
#include "signal_timer.h"

#include <sys/time.h>

enum { THREADS = 3, TABLE = 200, EXCHANGED = 16, IN_HANDLER = 50, CALLS_MIN = 100 };

/* Longer where other programs leave this one so little time that the handler is seldom called. */
static const double run_seconds = 3;
static const double run_seconds_most = 40;
static struct stamped *exchanged[EXCHANGED]; /* atomic */
static size_t calls;                         /* atomic */
static int is_over;                          /* atomic */

static size_t small_size(uint64_t *random)
{
    return 16 + random_below(random, 8) * 32;
}

/* Put a block of one's own in the place of one of somebody's. */
static void exchange(uint64_t *random)
{
    struct stamped *block = try_new_stamped(small_size(random), (unsigned char)*random);
    struct stamped **slot = &exchanged[random_below(random, EXCHANGED)];
    free_stamped(__atomic_exchange_n(slot, block, __ATOMIC_ACQ_REL));
}

static void on_tick(int signal_number)
{
    (void)signal_number;
    uint64_t random = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < IN_HANDLER; i++) {
        free_stamped(try_new_stamped(small_size(&random), (unsigned char)i));
        exchange(&random);
    }
}

static void *run(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = (uint64_t)(intptr_t)context;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < 1000; i++) {
            struct stamped **slot = &table[random_below(&random, TABLE)];
            free_stamped(*slot);
            *slot = new_stamped(small_size(&random), (unsigned char)i);
        }
        exchange(&random);
    }
    free_table(table, TABLE);
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    handle(SIGPROF, on_tick);
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(run, (void *)(i + 1));
    }
    struct itimerval often = {{0, 50}, {0, 50}};
    setitimer(ITIMER_PROF, &often, NULL);
    double start = seconds_now();
    while (seconds_now() < start + run_seconds ||
           (__atomic_load_n(&calls, __ATOMIC_RELAXED) <= CALLS_MIN &&
            seconds_now() < start + run_seconds_most)) {
        usleep(10000);
    }
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_PROF, &never, NULL);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    free_table(exchanged, EXCHANGED);
    check_heap("after the signals");
    printf("interrupted %zu times\n", calls);
    require(calls > CALLS_MIN, "the handler ran");
    return 0;
}
