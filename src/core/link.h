/*
 * Links between free blocks.
 *
 * They lie where the program's data was, and a program that writes to memory which it
 * has freed writes over them. So a link is looked at before it is followed: it must
 * point to a free block's header.
 */
#ifndef MA_CORE_LINK_H
#define MA_CORE_LINK_H

#include "core/mem_block.h"
#include "core/space.h"

/* Whether `b`, read from a link and not NULL, is the address of a free block. */
static inline bool link_is_sound(const struct mem_block *b)
{
    return (uintptr_t)b % MA_ALIGNMENT == 0 && space_segment_of(b) != NULL && mb_is_sealed(b) &&
           !mb_is_used(b);
}

/* Whether `b`, read from a link and not NULL, can be read where a block's links are. It is for the caller to see whether they
 * point back, which the links of no other memory do. */
static inline bool link_is_readable(const struct mem_block *b)
{
    return (uintptr_t)b % MA_ALIGNMENT == 0 && space_segment_of(b) != NULL;
}

/* Abort with a report: the links of the free block `b` were written over. */
static inline __attribute__((noreturn, cold)) void link_report(const struct mem_block *b)
{
    report_fatal("corrupted free list: the links of the free block at %p (%zu bytes) are wrong; "
                 "memory was probably written to after it was freed",
                 mb_payload(b), mb_size(b));
}

#endif
