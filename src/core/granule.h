/*
 * The descriptor of one granule: which segment has it, and, where it is a slab, whose it is, which objects it has,
 * and what its owner and others do with them.
 *
 * It lies in three tables, by who writes: what every free of any thread looks at is written seldom; what the owner
 * writes with each malloc and free is a cache line of its own; and what other threads write lies apart from both.
 *
 * The core and the space look at `segment_word` only; the rest is the front's (front/slab.h).
 */
#ifndef MA_CORE_GRANULE_H
#define MA_CORE_GRANULE_H

#include <stddef.h>
#include <stdint.h>

struct object;

/* The index of a granule in the tables. 0 stands for "none": the range's first granule
 * has a segment's record in it and is never a slab. */
typedef uint32_t granule_index;

/* What is written seldom. */
struct granule {
    ptrdiff_t owner; /* atomic; an owner_word() of front/owner.h, 0: the granule is no slab */
    /* Atomic: the segment's address, 0 where the granule is not ours; and in the low bits, which are 0 in that,
     * one for each page of the granule at whose begin is a seam (core/seams.h). */
    uintptr_t segment_word;
    /* Constant while a slab: */
    uint32_t reciprocal; /* slab_reciprocal() of the class */
    uint16_t start;      /* from the granule's begin to the first object */
    uint8_t size_class;
    /* Atomic; written by the owner: */
    uint16_t carved; /* bytes of the objects that have been on the list `free` at all; 0 where
                        pages are absent, and in no slab */
    uint16_t absent; /* a bit for each page that is purged, with no object carved in it */
};

/* A granule that is cut into objects of one size: what its owner alone touches (`used` is atomic,
 * as others read it). */
struct slab {
    _Alignas(64) struct object *free; /* last in, first out */
    /* `used`, of objects that are live, or freed by others and not yet collected, is the sum: */
    union {
        struct {
            uint16_t until_notify; /* atomic; when it becomes 0 in a free, that has more to do */
            uint16_t notify_at;
        };
        uint32_t used_word; /* atomic; both */
    };
    uint8_t size_class;  /* as in its granule */
    uint8_t state : 7;   /* enum slab_state */
    uint8_t is_torn : 1; /* its owner vanished in a fork, maybe amid an operation on it */
    uint8_t touched;     /* so many pages from the begin on have been touched, as far as is known */
    /* Registry lock where the slab is an orphan: */
    granule_index next, prev;                 /* in a list of slabs of one class */
    granule_index sibling_next, sibling_prev; /* in the list of an owner's slabs */
    /* Constant while a slab: a bit for each MA_ALIGNMENT bytes, whether a live object begins there (front/live_map.h); NULL: none. */
    uint64_t *live_map;
};

/* What other threads write. Zero where the granule is no slab. */
struct remote {
    uint64_t word;            /* atomic; objects freed by others: see front/remote.h */
    granule_index inbox_next; /* atomic; of who has the slab in its inbox */
};

_Static_assert(sizeof(struct granule) == 32, "two in a cache line");
_Static_assert(sizeof(struct slab) == 64, "one cache line");

/* Bytes that the tables have for each granule. */
#define GRANULE_COST (sizeof(struct granule) + sizeof(struct slab) + sizeof(struct remote))

#endif
