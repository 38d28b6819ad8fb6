/*
 * Released checked blocks that are not used again yet, so that a write to one is noticed.
 *
 * The oldest go when those that are kept exceed options.quarantine bytes, or are too many; before that they are looked at.
 */
#ifndef MA_CHECK_QUARANTINE_H
#define MA_CHECK_QUARANTINE_H

#include "check/checked.h"

/* Once, before the first block comes. */
void quarantine_start(void);

/* In a forked child: other threads have vanished. */
void quarantine_after_fork(void);

/*
 * Keep the released block `c`, of `size` bytes in all, which is filled if that is no more than options.quarantine.
 *
 * @return a block that has to go in its place, maybe `c` itself: untouched, and no longer kept; the next call may give another.
 *         NULL: none.
 */
struct checked *quarantine_put(struct checked *c, size_t size);

/* Another block that has to go; NULL: none. */
struct checked *quarantine_take_surplus(void);

/* The oldest block, whatever the bound; NULL: none. */
struct checked *quarantine_take(void);

/* Abort with a report where a block that is kept was written to. */
void quarantine_check(void);

#endif
