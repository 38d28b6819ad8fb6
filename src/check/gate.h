/*
 * A lock that nobody waits for long: the caller may be a signal handler that has interrupted the holder. Who cannot enter soon does
 * without.
 */
#ifndef MA_CHECK_GATE_H
#define MA_CHECK_GATE_H

#include "os/lock.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nobody is inside. */
struct gate {
    uintptr_t holder; /* atomic; lock_self() of the thread inside; 0: none */
};

/* False: somebody is inside. */
static inline bool gate_enter(struct gate *gate)
{
    enum { TRIES = 1000 };
    for (int i = 0; i < TRIES; i++) {
        uintptr_t nobody = 0;
        if (__atomic_compare_exchange_n(&gate->holder, &nobody, lock_self(), false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

static inline void gate_leave(struct gate *gate)
{
    __atomic_store_n(&gate->holder, 0, __ATOMIC_RELEASE);
}

/* In a forked child: who has vanished is inside no more. What it was about to change may be torn. True: there was one. */
static inline bool gate_after_fork(struct gate *gate)
{
    uintptr_t holder = __atomic_load_n(&gate->holder, __ATOMIC_RELAXED);
    bool has_vanished = holder != 0 && holder != lock_self();
    if (has_vanished) {
        gate_leave(gate);
    }
    return has_vanished;
}

#endif
