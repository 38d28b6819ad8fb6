/*
 * Slabs in which others have freed objects while the owner, who sleeps perhaps, does not look.
 *
 * Those without a live object are taken from under a heap whose owner may go on allocating and freeing. Without a slow path, where it would
 * wait, the owner touches its current slabs, and those in which it has live objects. A slab that is neither is in nobody's hands: all of its objects
 * are free or have come to its remote list, and as it lies in the inbox nobody is about to post it. But the owner may have freed the
 * last of them itself a moment ago, and be on its way to look at the slab for that. Then it waits, inside. So the slabs are put apart
 * first, and taken if the owner is seen outside after a pause (front/reclaim.c).
 *
 * Requires, for all of these: registry lock; the heap is shut. They wait for nobody.
 */
#ifndef MA_FRONT_WAITING_H
#define MA_FRONT_WAITING_H

#include "front/theap.h"

/* Whether there are any in the heap's inbox. Any thread, and no lock needed. */
static inline bool waiting_exist(const struct theap *heap)
{
    granule_index inbox = __atomic_load_n(&heap->inbox, __ATOMIC_RELAXED);
    return inbox != 0 && inbox != INBOX_CLOSED;
}

/* Put those apart that have no live object and are not current. False: there are none. Requires: the owner is outside. */
MA_RARE bool waiting_put_apart(struct theap *heap);

/* Take these out of all lists, and put them before those that `chain` leads to by `next`. Requires: the owner is outside. */
MA_RARE granule_index waiting_take(struct theap *heap, granule_index chain);

/* Or post them again. */
MA_RARE void waiting_put_back(struct theap *heap);

#endif
