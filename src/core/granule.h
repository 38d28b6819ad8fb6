/*
 * The descriptor of one granule: which segment has it, and, where it is a slab, the
 * slab's state. One cache line, so that a small malloc or free touches one besides the
 * object's and the thread heap's.
 *
 * The core and the space look at `segment_word` only; the rest is the front's (front/slab.h).
 */
#ifndef MA_CORE_GRANULE_H
#define MA_CORE_GRANULE_H

#include <stdint.h>

struct theap;
struct object;

/* The index of a granule in the table. 0 stands for "none": the range's first granule
 * has a segment's record in it and is never a slab. */
typedef uint32_t granule_index;

/* A granule that is cut into objects of one size. */
struct slab {
    struct theap *owner; /* atomic; NULL: the granule is no slab */
    /* Owner thread only (`used` and `carved` are atomic, as others read them): */
    struct object *free; /* last in, first out */
    uint16_t used;       /* objects that are live, or freed by others and not yet collected */
    uint16_t notify_at;  /* a free that makes `used` this much has more to do */
    uint16_t
        carved; /* objects that have been on the list `free` at all; 0 where pages are absent */
    uint16_t absent; /* atomic; a bit for each page that is purged, with no object carved in it */
    uint8_t size_class;  /* constant while a slab */
    uint8_t state : 7;   /* enum slab_state */
    uint8_t is_torn : 1; /* its owner vanished in a fork, maybe amid an operation on it */
    uint16_t start;      /* from the granule's begin to the first object; constant while a slab */
    granule_index inbox_next; /* of who has it in its inbox */
    /* Atomic: */
    uint64_t remote; /* objects freed by others: see front/remote.h */
    /* Owner thread, or registry lock where the slab is an orphan: */
    granule_index next, prev;                 /* in a list of slabs of one class */
    granule_index sibling_next, sibling_prev; /* in the list of an owner's slabs */
};

struct granule {
    struct slab slab;
    /* Atomic: the segment's address, 0 where the granule is not ours; and in the low bits, which are 0 in that,
     * one for each page of the granule at whose begin is a seam (core/seams.h). */
    uintptr_t segment_word;
};

_Static_assert(sizeof(struct granule) == 64, "one cache line");

#endif
