/*
 * The handler of SIGSEGV.
 */
#include "check/trap.h"

#include "check/checked.h"
#include "check/sample.h"
#include "os/lock.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* Whether this thread is the first that comes here. Another waits for that one, which ends the process; the same again does not. */
static bool is_first(void)
{
    static bool is_taken;
    static _Thread_local bool is_taker;
    if (!__atomic_exchange_n(&is_taken, true, __ATOMIC_ACQ_REL)) {
        is_taker = true;
        return true;
    }
    if (is_taker) {
        return false;
    }
    for (;;) {
        lock_pause(1);
    }
}

/* What is no fault of ours, or comes while one is explained, takes its course. */
static void explain(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code <= 0) { /* somebody sent it: it does not come again */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    if (is_first() && (sample_explain(info->si_addr) || checked_explain(info->si_addr))) {
        abort();
    }
    signal(number, SIG_DFL);
}

void trap_start(void)
{
    struct sigaction now;
    if (sigaction(SIGSEGV, NULL, &now) != 0 || now.sa_handler != SIG_DFL) {
        return;
    }
    struct sigaction ours = {.sa_sigaction = explain,
                             .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigemptyset(&ours.sa_mask);
    sigaction(SIGSEGV, &ours, NULL);
}
