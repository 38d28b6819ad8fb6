/*
 * How many empty slabs a thread heap keeps, and for how long.
 *
 * They are its own to use, without a lock and with their objects carved; but of no use to requests that are not small. So
 * they are bounded, go back to the core when they were not needed for a while, and before the core takes new memory.
 * See docs/adr/0012-empty-slabs-are-kept.md.
 */
#ifndef MA_FRONT_EMPTIES_H
#define MA_FRONT_EMPTIES_H

#include "front/theap.h"

/* Keep no more of them than the thread's share, and none that was not needed for a while. */
void empties_bound(struct theap *heap);

/* Give the core half of them, or all if they are few. */
void empties_shed(struct theap *heap);

#endif
