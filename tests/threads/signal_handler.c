/*
 * A signal handler allocates, resizes, frees, and is called at a high rate while the program is
 * inside the allocator: it must neither wait for its own thread nor see a heap in the making.
 */
#include "signal_timer.h"

enum { TABLE = 60 };

static double run_seconds = 3;

struct handled {
    struct ticker ticker;
    struct stamped *table[TABLE];
    uint64_t random;
    volatile size_t calls;
    volatile size_t refused;
};

/* Two signals, which also interrupt each other's handlers. */
static struct handled first = {.random = 11}, second = {.random = 13};

static void use_heap(struct handled *handled)
{
    handled->calls++;
    for (int i = 0; i < 3; i++) {
        struct stamped **slot = &handled->table[random_below(&handled->random, TABLE)];
        size_t size = handler_size(&handled->random);
        free_stamped(*slot);
        *slot = try_new_stamped(size, (unsigned char)handled->calls);
        if (i == 0 && *slot != NULL) { /* what is perhaps in a core that was interrupted */
            void *resized = realloc(*slot, (*slot)->size);
            *slot = resized != NULL ? resized : *slot;
            handled->refused += resized == NULL && size <= ALWAYS_SERVED;
        }
        handled->refused += *slot == NULL && size <= ALWAYS_SERVED;
    }
}

static void on_first(int signal_number)
{
    double began = seconds_now();
    (void)signal_number;
    use_heap(&first);
    tick_again(&first.ticker, began);
}

static void on_second(int signal_number)
{
    double began = seconds_now();
    (void)signal_number;
    use_heap(&second);
    tick_again(&second.ticker, began);
}

int main(int argc, char **argv)
{
    alarm(14);
    require_library();
    run_seconds = argc > 1 ? atof(argv[1]) : run_seconds;
    handle(SIGUSR1, on_first);
    handle(SIGUSR2, on_second);
    ticker_start(&first.ticker, SIGUSR1);
    ticker_start(&second.ticker, SIGUSR2);
    static struct stamped *table[TABLE];
    uint64_t random = 5;
    double end = seconds_now() + run_seconds;
    size_t rounds = 0;
    while (seconds_now() < end) {
        churn(table, TABLE, &random, 500);
        free(malloc((size_t)1 << 20)); /* moves the break */
        rounds++;
    }
    ticker_stop(&first.ticker);
    ticker_stop(&second.ticker);
    handle(SIGUSR1, SIG_IGN);
    handle(SIGUSR2, SIG_IGN);
    check_heap("after the signals");
    free_table(table, TABLE);
    free_table(first.table, TABLE);
    free_table(second.table, TABLE);
    check_heap("after all was freed");
    printf("%zu operations, interrupted %zu + %zu times\n", rounds * 500, first.calls,
           second.calls);
    require(first.calls > 1000 && second.calls > 1000, "the handlers ran");
    if (first.refused + second.refused > 0) {
        fail("a small malloc gave NULL %zu times in a handler, though memory is not out",
             first.refused + second.refused);
    }
    return 0;
}
