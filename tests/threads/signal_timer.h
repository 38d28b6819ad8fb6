/*
 * Interrupting a thread at a high rate.
 */
#ifndef MA_TESTS_THREADS_SIGNAL_TIMER_H
#define MA_TESTS_THREADS_SIGNAL_TIMER_H

#include "common.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

/* The name is not in every libc. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static inline void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action = {0};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(signal_number, &action, NULL);
}

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a handler asks for: mostly little, which must always be served; at times more, which it may
 * be denied while its thread is just getting memory from the system. */
enum { ALWAYS_SERVED = 1024 };

static inline size_t handler_size(uint64_t *random)
{
    size_t bound = random_below(random, 16) == 0 ? 300000 : ALWAYS_SERVED;
    return 1 + random_below(random, bound);
}

/*
 * Interrupts one thread again and again. Each signal is set off by the handler of the one before,
 * after longer than that one took, so that the interrupted program gets its share of time.
 */
struct ticker {
    timer_t timer;
    uint64_t random;
    int is_stopped;
};

/* Send the next signal soon. For handlers that began at `began`, at their end. */
static inline void tick_again(struct ticker *ticker, double began)
{
    if (!ticker->is_stopped) {
        long taken = (long)((seconds_now() - began) * 1e9); /* nanoseconds */
        taken = taken < 100000 ? taken : 100000; /* more: it had to wait for a processor */
        long delay = 3000 + (long)random_below(&ticker->random, 40000) + 2 * taken;
        struct itimerspec once = {{0, 0}, {delay / 1000000000, delay % 1000000000}};
        timer_settime(ticker->timer, 0, &once, NULL);
    }
}

/* Interrupt the calling thread from now on. */
static inline void ticker_start(struct ticker *ticker, int signal_number)
{
    struct sigevent event = {0};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal_number;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    *ticker = (struct ticker){.random = (uint64_t)signal_number};
    require(timer_create(CLOCK_MONOTONIC, &event, &ticker->timer) == 0, "a timer");
    tick_again(ticker, seconds_now());
}

static inline void ticker_stop(struct ticker *ticker)
{
    ticker->is_stopped = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    timer_delete(ticker->timer);
}

#endif
