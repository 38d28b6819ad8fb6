/*
 * A signal handler forks while its thread is inside the allocator and other threads start and
 * end: neither process waits for ever, and both can use the heap.
 */
#include "signal_timer.h"

enum { TABLE = 40, FORKS = 200, STARTERS = 2, BLOCKS = 50 };

static volatile int forks;
static int is_over; /* atomic */
static struct ticker ticker;

static void *short_life(void *context)
{
    struct stamped *table[BLOCKS];
    uint64_t random = (uint64_t)(uintptr_t)context;
    for (int i = 0; i < BLOCKS; i++) {
        table[i] = new_stamped(16 + random_below(&random, 1000), (unsigned char)i);
    }
    free_table(table, BLOCKS);
    return NULL;
}

static void *start_others(void *context)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        pthread_join(start_thread(short_life, context), NULL);
    }
    return NULL;
}

static void on_signal(int signal_number)
{
    double began = seconds_now();
    (void)signal_number;
    pid_t child = fork();
    if (child == 0) {
        child_begins();
        short_life(NULL);
        _exit(0);
    }
    await_child(child);
    forks++;
    tick_again(&ticker, began);
}

int main(void)
{
    alarm(30);
    require_library();
    pthread_t starters[STARTERS];
    for (int i = 0; i < STARTERS; i++) {
        starters[i] = start_thread(start_others, &starters[i]);
    }
    handle(SIGUSR1, on_signal);
    ticker_start(&ticker, SIGUSR1);
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = 5;
    while (forks < FORKS) {
        churn(table, TABLE, &random, 5);
    }
    ticker_stop(&ticker);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < STARTERS; i++) {
        pthread_join(starters[i], NULL);
    }
    free_table(table, TABLE);
    check_heap("after the forks");
    printf("%d forks in a signal handler\n", forks);
    return 0;
}
