/*
 * Thin slabs: those with few live objects. When they were not needed for a while, they give back the pages that hold none of
 * these, and are sparse then (front/slab.h).
 */
#ifndef MA_FRONT_THIN_H
#define MA_FRONT_THIN_H

#include "front/theap.h"

/* Give back those pages of a slab that may serve which hold no live object; a slab with absent pages then serves after all
 * others. True where there were any. */
MA_RARE bool thin_purge(struct theap *heap, struct slab *slab);

/* Purge some thin slabs if it is time to. */
void thin_purge_some(struct theap *heap);

#endif
