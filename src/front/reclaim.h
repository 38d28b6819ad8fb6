/*
 * Taking back what the heaps of other threads hold and do not use.
 */
#ifndef MA_FRONT_RECLAIM_H
#define MA_FRONT_RECLAIM_H

#include "front/theap.h"

/* Give the core what the heaps of all other threads but `mine` have cached, and the slabs there whose objects others have freed: of
 * threads that have ended, or are not inside the allocator just now. Takes a millisecond or two where there is any. True where there was. */
MA_RARE bool reclaim_all(const struct theap *mine);

/*
 * Such slabs of dormant threads alone: those that have not looked at what others have freed for a while, in which the others have taken
 * much memory. To be called before the core is asked for more: for a slab of so many `bytes`, or for a block, with 0. Most calls do not look.
 */
void reclaim_dormant(const struct theap *mine, size_t bytes);

#endif
