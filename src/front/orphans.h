/*
 * Slabs whose owners have ended, by class. Registry lock, but for orphans_exist().
 */
#ifndef MA_FRONT_ORPHANS_H
#define MA_FRONT_ORPHANS_H

#include "front/slab.h"

/* The slab, whose owner is OWNER_ORPHAN, is one of them now. */
void orphans_push(struct slab *slab);

void orphans_remove(struct slab *slab);

/* Whether there is any of a class; by the way, without a lock. */
bool orphans_exist(size_t size_class);

/* One of a class that can serve; NULL if there is none at the first look. The next look is at others. */
struct slab *orphans_find(size_t size_class);

/* Give the memory of one without objects back. */
void orphans_destroy(struct slab *slab);

/* The same of all that have no objects, and of which nobody is about to take note. */
MA_RARE void orphans_destroy_forgotten(void);

#endif
