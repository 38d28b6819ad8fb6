/*
 * Who has a granule: a thread heap, or one of those that stand for something else.
 *
 * A granule says it as a thread's own pointer does (front_offset in front/front.h): by how many bytes the owner is from
 * THEAP_NONE. So the fast path of free() compares the two words.
 */
#ifndef MA_FRONT_OWNER_H
#define MA_FRONT_OWNER_H

#include "base/config.h"

#include <stddef.h>
#include <stdint.h>

struct slab;
struct theap;

/*
 * Heaps that serve nothing, for a thread's pointer to lead to: all that is looked at is
 * `current`, in which no slab has a free object, so that the slow path is taken.
 */
extern MA_HIDDEN struct slab *const theap_nothing[];

/* The thread has no heap yet. */
#define THEAP_NONE ((struct theap *)&theap_nothing[0])
/* The thread is inside the allocator: what calls now has interrupted it. */
#define THEAP_BUSY ((struct theap *)&theap_nothing[1])
/* The thread is to have none: the front is off, or the thread is about to end. */
#define THEAP_OFF ((struct theap *)&theap_nothing[2])
/* The thread has a heap, front_own, to which only the slow paths lead. */
#define THEAP_SLOW ((struct theap *)&theap_nothing[3])

/* Owners that are no thread heaps: of orphans, and of granules that have thread heaps, and what belongs to these, in them. */
#define OWNER_ORPHAN ((struct theap *)((uintptr_t)THEAP_NONE + 1))
#define OWNER_HEAPS ((struct theap *)((uintptr_t)THEAP_NONE + 2))

/* The heap that is so many bytes from THEAP_NONE; and the reverse. Calculated as numbers: to a compiler a pointer that is made of
 * another leads to the same object, and THEAP_NONE's is constant. */
static inline struct theap *owner_at(ptrdiff_t distance)
{
    return (struct theap *)((uintptr_t)THEAP_NONE + (uintptr_t)distance);
}

static inline ptrdiff_t owner_distance(const struct theap *owner)
{
    return (ptrdiff_t)((uintptr_t)owner - (uintptr_t)THEAP_NONE);
}

/* How a granule says it; NULL, that it is no slab, is 0. */
static inline ptrdiff_t owner_word(const struct theap *owner)
{
    return owner != NULL ? owner_distance(owner) : 0;
}

static inline struct theap *owner_from_word(ptrdiff_t word)
{
    return word != 0 ? owner_at(word) : NULL;
}

#endif
