/*
 * A lock that nobody waits for long: the caller may be a signal handler that has interrupted the holder, or a forked child in which
 * the holder is gone. Who cannot enter soon does without.
 */
#ifndef MA_CHECK_GATE_H
#define MA_CHECK_GATE_H

#include <stdbool.h>

/* False: somebody is inside. `is_entered` is atomic. */
static inline bool gate_enter(bool *is_entered)
{
    enum { TRIES = 1000 };
    for (int i = 0; i < TRIES; i++) {
        if (!__atomic_exchange_n(is_entered, true, __ATOMIC_ACQUIRE)) {
            return true;
        }
    }
    return false;
}

static inline void gate_leave(bool *is_entered)
{
    __atomic_store_n(is_entered, false, __ATOMIC_RELEASE);
}

#endif
