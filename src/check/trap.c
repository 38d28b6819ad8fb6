/*
 * The handler of SIGSEGV.
 */
#include "check/trap.h"

#include "check/checked.h"
#include "check/sample.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is no fault of ours, or comes while one is explained, takes its course. */
static void explain(int number, siginfo_t *info, void *context)
{
    static bool is_explaining;
    (void)context;
    if (info->si_code <= 0) { /* somebody sent it: it does not come again */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    bool is_first = !__atomic_exchange_n(&is_explaining, true, __ATOMIC_ACQ_REL);
    if (is_first && (sample_explain(info->si_addr) || checked_explain(info->si_addr))) {
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
