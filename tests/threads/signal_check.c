/*
 * A signal handler allocates and frees while its thread looks through the heap: what it finds must be sound.
 */
#include "signal_timer.h"

enum { TABLE = 200 };

static const double run_seconds = 2;
static struct ticker ticker;
static void *handled[TABLE];
static volatile size_t calls;

/* Of threads that have ended. */
enum { LEFT = 4000 };
static void *left[LEFT];
static size_t left_count;

static void *leave_some(void *unused)
{
    for (size_t i = 0; i < LEFT; i++) {
        left[i] = malloc(1000);
    }
    return unused;
}

static void on_signal(int signal_number)
{
    double began = seconds_now();
    static uint64_t random = 7;
    (void)signal_number;
    calls++;
    for (int i = 0; i < 20; i++) {
        void **slot = &handled[random_below(&random, TABLE)];
        free(*slot);
        *slot = malloc(1 + random_below(&random, 400));
    }
    for (int i = 0; i < 20 && left_count > 0; i++) {
        free(left[--left_count]);
    }
    tick_again(&ticker, began);
}

int main(void)
{
    be_impatient();
    require_library();
    static struct stamped *table[TABLE];
    uint64_t random = 5;
    handle(SIGUSR1, on_signal);
    ticker_start(&ticker, SIGUSR1);
    size_t checks = 0;
    for (double end = seconds_now() + run_seconds; seconds_now() < end; checks++) {
        churn(table, TABLE, &random, 100);
        if (left_count == 0) {
            pthread_join(start_thread(leave_some, NULL), NULL);
            left_count = LEFT;
        }
        check_heap("while a handler allocates");
    }
    ticker_stop(&ticker);
    handle(SIGUSR1, SIG_IGN);
    check_heap("after the signals");
    printf("%zu checks, interrupted %zu times\n", checks, calls);
    require(calls > 1000, "the handler ran");
    return 0;
}
