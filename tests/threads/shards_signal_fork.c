/*
 * Handlers that fork, allocate and free, in several threads at a time, each of which is inside a shard
 * of its own: none waits for another for ever, and in each child the heap is of use.
 */
#include "signal_timer.h"

enum { THREADS = 4, TABLE = 30, CHILD_TABLE = 60, LEAST = 33000, BOUND = 90000 };

static double run_seconds = 4;

static size_t forks;                    /* atomic */
static struct stamped *shared[THREADS]; /* atomic */
static _Thread_local struct ticker ticker;

static struct stamped *new_large(uint64_t *random)
{
    return new_stamped(LEAST + random_below(random, BOUND - LEAST), 5);
}

static void live_as_child(uint64_t *random)
{
    struct stamped *table[CHILD_TABLE];
    child_begins();
    for (size_t i = 0; i < CHILD_TABLE; i++) {
        table[i] = new_stamped(1 + random_below(random, ALWAYS_SERVED), (unsigned char)i);
    }
    free_table(table, CHILD_TABLE);
    for (size_t i = 0; i < THREADS; i++) {
        free_stamped(shared[i]);
    }
    _exit(0);
}

static void on_signal(int signal_number)
{
    double began = seconds_now();
    uint64_t random = __atomic_add_fetch(&forks, 1, __ATOMIC_RELAXED);
    struct stamped *block = try_new_stamped(handler_size(&random), (unsigned char)signal_number);
    pid_t child = fork();
    if (child == 0) {
        live_as_child(&random);
    }
    await_child(child);
    free_stamped(block);
    tick_again(&ticker, began);
}

static void *run(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    struct stamped **own = &shared[(intptr_t)context];
    uint64_t random = (uint64_t)(intptr_t)context;
    ticker_start(&ticker, SIGUSR1);
    double end = seconds_now() + run_seconds;
    while (seconds_now() < end) {
        struct stamped **slot = &table[random_below(&random, TABLE)];
        free_stamped(*slot);
        *slot = new_large(&random);
        struct stamped *block = random_below(&random, 4) == 0 ? new_large(&random) : NULL;
        free_stamped(__atomic_exchange_n(own, block, __ATOMIC_ACQ_REL));
    }
    ticker_stop(&ticker);
    free_table(table, TABLE);
    return NULL;
}

int main(int argc, char **argv)
{
    be_impatient();
    require_library();
    run_seconds = argc > 1 ? atof(argv[1]) : run_seconds;
    handle(SIGUSR1, on_signal);
    run_at_once(run, THREADS, 0);
    check_heap("after the forks");
    printf("%zu forks in signal handlers\n", forks);
    require(forks > 100, "the handlers ran");
    return 0;
}
