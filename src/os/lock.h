/*
 * A lock that knows its owner.
 *
 * A thread that is interrupted inside the allocator by a signal handler or a hook
 * that allocates must see that it holds the lock already, rather than wait for
 * itself: lock_held_by_me() tells, from the instant at which the lock is taken to
 * that at which it is free again, for lock and owner are one word.
 *
 * Lock order: lower ranks first; debug builds abort on a violation.
 *
 *   rank                protects
 *   LOCK_RANK_START     the start of the library
 *   LOCK_RANK_REGISTRY  the list of thread heaps, the slabs that have none
 *   LOCK_RANK_CORE      every block, the bins, the segments of one core
 *   LOCK_RANK_SPACE     the program break, the mappings, the descriptor table
 *
 * fork() takes the locks but the first in this order, cores by the number of their shard and in it, and
 * lends them to the forking thread: other threads wait, but the fork handlers of other
 * libraries, which may allocate, do not. Call nothing that may allocate while
 * holding any.
 */
#ifndef MA_OS_LOCK_H
#define MA_OS_LOCK_H

#include "base/config.h"

#include <stdbool.h>
#include <stdint.h>

enum lock_rank {
    LOCK_RANK_START = 1,
    LOCK_RANK_REGISTRY,
    LOCK_RANK_CORE,
    LOCK_RANK_SPACE,
};

struct lock {
    uintptr_t word;       /* atomic; 0, or the owner's mark, its lowest bit set when others wait */
    uintptr_t guest;      /* atomic; the mark of the thread that a held lock is lent to, or 0 */
    bool guest_is_inside; /* guest only */
    uint32_t lend_count;  /* guest only; calls of lock_lend() that are not taken back */
    bool interrupts;      /* constant after start; may be taken inside any other lock */
    enum lock_rank rank;  /* constant after start */
    uint32_t outer_ranks; /* this lock; debug builds: the ranks its holder had before */
};

/* Set up a lock that nobody holds. `interrupts` is for locks that only a signal
 * handler (or the like) takes, on top of whatever its thread holds. */
void lock_init(struct lock *lock, enum lock_rank rank, bool interrupts);

/* Wait for the lock and take it. False: somebody had it, at first. Requires: !lock_held_by_me(). */
bool lock_acquire(struct lock *lock);

/* Take the lock, in any order, unless that means waiting: false then. Requires: !lock_held_by_me(). */
bool lock_try_acquire(struct lock *lock);

/* The same after waiting for about so long; false where that was not enough. */
MA_RARE bool lock_acquire_within(struct lock *lock, unsigned milliseconds);

/* Leave the lock. Requires: lock_held_by_me(). */
void lock_release(struct lock *lock);

/* Whether the calling thread is inside this lock's critical section. */
bool lock_held_by_me(const struct lock *lock);

/* Locks that the thread is inside, and at times one that it is about to enter or has just left. */
extern MA_HIDDEN _Thread_local uint32_t lock_inside_count;

/* What the calling thread is known by: no other has it, and it is the same in a forked child. Even. */
static inline uintptr_t lock_self(void)
{
    return (uintptr_t)&lock_inside_count;
}

/* False: the calling thread is inside no lock. True: lock_held_by_me() tells of each. */
static inline bool lock_may_be_inside_any(void)
{
    return lock_inside_count != 0;
}

/*
 * Keep a lock that is held shut for other threads, but let the holder enter it
 * again, as often as it likes, until lock_take_back(). Calls nest.
 * Requires: lock_held_by_me() or lock_lent_to_me().
 */
MA_RARE void lock_lend(struct lock *lock);

/* The same for one who does not have the lock yet, and waits for it about so long; false where that was not enough. */
MA_RARE bool lock_lend_within(struct lock *lock, unsigned milliseconds);

/*
 * End lock_lend(), in a forked child as in the parent. Requires: lock_lent_to_me().
 *
 * @return true when it was the outermost: the calling thread is inside the lock again.
 */
MA_RARE bool lock_take_back(struct lock *lock);

/* Whether the calling thread has lent itself the lock and is not inside it. */
MA_RARE bool lock_lent_to_me(const struct lock *lock);

/* Sleep for about so long. Keeps errno. */
void lock_pause(unsigned milliseconds);

/* In a forked child: the lock's owner is not there any more, so nobody will ever have it again. */
MA_RARE void lock_abandon(struct lock *lock);

/* Never wait for such a lock. */
bool lock_is_abandoned(const struct lock *lock);

#endif
