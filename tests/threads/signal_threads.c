/*
 * Several threads, each interrupted at a high rate by a handler that allocates, resizes and
 * frees. Handlers pass blocks to each other, so that each thread frees what the others' handlers
 * got while they were inside the allocator.
 */
#include "signal_timer.h"

enum { THREADS = 3, TABLE = 40, SHARED = 64 };

static double run_seconds = 3;

static struct stamped *shared[SHARED]; /* atomic */
static size_t calls;                   /* atomic */
static size_t refused;                 /* atomic */
static _Thread_local struct ticker ticker;

/* Put `block` into a common slot, and free what was there. */
static void exchange(size_t slot, struct stamped *block)
{
    free_stamped(__atomic_exchange_n(&shared[slot % SHARED], block, __ATOMIC_ACQ_REL));
}

static void on_signal(int signal_number)
{
    double began = seconds_now();
    (void)signal_number;
    size_t call = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    uint64_t random = call;
    size_t size = handler_size(&random);
    struct stamped *block = try_new_stamped(size, (unsigned char)call);
    if (block == NULL && size <= ALWAYS_SERVED) {
        __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
    }
    exchange(random_next(&random), block);
    tick_again(&ticker, began);
}

static void *run(void *context)
{
    uint64_t random = (uint64_t)(intptr_t)context;
    struct stamped *table[TABLE] = {NULL};
    ticker_start(&ticker, SIGUSR1);
    double end = seconds_now() + run_seconds;
    while (seconds_now() < end) {
        churn(table, TABLE, &random, 300);
        exchange(random_next(&random), new_stamped((size_t)1 << 20, 3)); /* moves the break */
        exchange(random_next(&random), NULL);
    }
    ticker_stop(&ticker);
    free_table(table, TABLE);
    return NULL;
}

int main(int argc, char **argv)
{
    alarm(14);
    require_library();
    run_seconds = argc > 1 ? atof(argv[1]) : run_seconds;
    handle(SIGUSR1, on_signal);
    run_at_once(run, THREADS, 1);
    check_heap("after the signals");
    for (size_t i = 0; i < SHARED; i++) {
        exchange(i, NULL);
    }
    check_heap("after all was freed");
    printf("%d threads, interrupted %zu times\n", THREADS, calls);
    require(calls > 1000, "the handler ran");
    if (refused > 0) {
        fail("a small malloc gave NULL %zu times in a handler, though memory is not out", refused);
    }
    return 0;
}
