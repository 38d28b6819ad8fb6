/*
 * What a free object of a slab, or a cached block's payload, holds: a link, and a mark by which
 * a second release is noticed at once. The mark is keyed, and taken off when the memory is
 * handed out: nobody writes it by chance.
 */
#ifndef MA_FRONT_OBJECT_H
#define MA_FRONT_OBJECT_H

#include "core/mem_block.h"

struct object {
    struct object *next;
    uintptr_t mark;
};

/* Of an object of a slab. */
static inline uintptr_t object_mark(const struct object *o)
{
    return (uintptr_t)o ^ mb_key;
}

/* Of a cached block's payload: it covers the first word, too, so that a write to this is noticed (the factor: also where both
 * were written over with the same). */
static inline uintptr_t object_block_mark(const struct object *o)
{
    return ~object_mark(o) + 5 * (uintptr_t)o->next;
}

#endif
