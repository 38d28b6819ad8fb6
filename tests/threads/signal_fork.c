/*
 * A signal handler forks while its thread is inside the allocator, as crash handlers do. With
 * glibc that works in a program of one thread: the child may even use the heap after fork()
 * returned to the interrupted code; here it only executes async-signal-safe functions.
 */
#include "signal_timer.h"

enum { TABLE = 40, FORKS = 300 };

static volatile int forks;
static struct ticker ticker;

static void on_signal(int signal_number)
{
    double began = seconds_now();
    (void)signal_number;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    await_child(child);
    forks++;
    tick_again(&ticker, began);
}

int main(void)
{
    alarm(12);
    require_library();
    handle(SIGUSR1, on_signal);
    ticker_start(&ticker, SIGUSR1);
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = 3;
    while (forks < FORKS) {
        churn(table, TABLE, &random, 5);
    }
    ticker_stop(&ticker);
    free_table(table, TABLE);
    check_heap("after the forks");
    printf("%d forks in a signal handler\n", forks);
    return 0;
}
