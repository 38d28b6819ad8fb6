/*
 * The block: header, neighbours, flags, seal.
 *
 *   block  -> +--------------------------------+  16-aligned
 *             | prev_size                      |  bytes; only while the previous block is free
 *             +--------------------------------+
 *             | seal (16 bits) | size | flags  |  bytes, header included, multiple of 16
 *   payload-> +--------------------------------+  what the caller gets, 16-aligned
 *             | next_free, prev_free (if free) |
 *             :                                :
 *   next   -> +--------------------------------+  == (char *)block + size
 *             | prev_size of the next block    |  belongs to the payload while this block is used
 *             +--------------------------------+
 *
 * A used block's payload runs on into the next block's `prev_size`, which nobody
 * reads before this block is free: a block costs 8 bytes over its payload
 * (docs/adr/0001-payload-over-prev-size.md).
 *
 * The seal is a keyed hash of the block's address, size and flags. A header that
 * was written over, that never was one, or that was copied from elsewhere fails
 * it (but for one case in 65,536), and is then reported, not followed.
 *
 * This file knows one block and its neighbours; which blocks are free and where
 * they are listed is for bins.h. Invariants I1, I3, I6.
 */
#ifndef MA_CORE_MEM_BLOCK_H
#define MA_CORE_MEM_BLOCK_H

#include "base/assert.h"
#include "base/bits.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mem_block {
    size_t prev_size;
    size_t head; /* atomic, as ma_usable_size() reads it without the lock */
    /* Only while free: */
    struct mem_block *next_free;
    struct mem_block *prev_free;
};

#define MB_USED ((size_t)1)
#define MB_PREV_USED ((size_t)2)
/* Free blocks in a bin only: all but the links is zero (I9). */
#define MB_BLANK ((size_t)4)
#define MB_FLAGS (MA_ALIGNMENT - 1)

#define MB_SEAL_SHIFT 48
#define MB_SIZE_MAX (((size_t)1 << MB_SEAL_SHIFT) - MA_ALIGNMENT)

/* From the block's address to its payload. */
#define MB_HEADER offsetof(struct mem_block, next_free)
/* What a block is larger than its payload: its own `head` (see the picture). */
#define MB_OVERHEAD sizeof(size_t)
/* A free block must have room for its links. */
#define MB_MIN sizeof(struct mem_block)
/* A fence is a header alone; no other block is as small. */
#define MB_FENCE_SIZE MB_HEADER

/* Random per process; set before the first block is made, constant then. */
extern MA_HIDDEN uint64_t mb_key;

/* A hash whose upper bits are the seal of a header with this size and these flags. */
static inline uint64_t mb_hash(const struct mem_block *b, size_t size_and_flags)
{
    return ((uintptr_t)b ^ (size_and_flags << 17 | size_and_flags >> 47) ^ mb_key) *
           UINT64_C(0xd6e8feb86659fd93);
}

/* `size_and_flags` with the seal that belongs to it. */
static inline size_t mb_seal(const struct mem_block *b, size_t size_and_flags)
{
    return size_and_flags | mb_hash(b, size_and_flags) >> MB_SEAL_SHIFT << MB_SEAL_SHIFT;
}

static inline size_t mb_head(const struct mem_block *b)
{
    return __atomic_load_n(&b->head, __ATOMIC_RELAXED);
}

/* Write the whole header word: size, flags, and the seal over both. */
static inline void mb_set(struct mem_block *b, size_t size, size_t flags)
{
    __atomic_store_n(&b->head, mb_seal(b, size | flags), __ATOMIC_RELAXED);
}

/* Whether `head`, read from the block, bears the right seal. I6. */
static inline bool mb_head_is_sealed(const struct mem_block *b, size_t head)
{
    return (mb_hash(b, head & (MB_SIZE_MAX | MB_FLAGS)) ^ head) >> MB_SEAL_SHIFT == 0;
}

static inline bool mb_is_sealed(const struct mem_block *b)
{
    return mb_head_is_sealed(b, mb_head(b));
}

/* Whether a sound header is at `b`, according to which the block before is used: that was not written past. */
static inline bool mb_follows_used(const struct mem_block *b)
{
    size_t head = mb_head(b);
    return mb_head_is_sealed(b, head) && (head & MB_PREV_USED) != 0;
}

static inline size_t mb_size(const struct mem_block *b)
{
    return mb_head(b) & MB_SIZE_MAX;
}

static inline size_t mb_flags(const struct mem_block *b)
{
    return mb_head(b) & MB_FLAGS;
}

static inline bool mb_is_used(const struct mem_block *b)
{
    return (mb_head(b) & MB_USED) != 0;
}

static inline bool mb_prev_is_used(const struct mem_block *b)
{
    return (mb_head(b) & MB_PREV_USED) != 0;
}

static inline bool mb_is_blank(const struct mem_block *b)
{
    return (mb_head(b) & MB_BLANK) != 0;
}

static inline bool mb_is_fence(const struct mem_block *b)
{
    return mb_size(b) == MB_FENCE_SIZE;
}

static inline struct mem_block *mb_at(const struct mem_block *b, size_t offset)
{
    return (struct mem_block *)((char *)b + offset);
}

static inline struct mem_block *mb_next(const struct mem_block *b)
{
    return mb_at(b, mb_size(b));
}

/* Requires: the previous block is free. */
static inline struct mem_block *mb_prev(const struct mem_block *b)
{
    return (struct mem_block *)((char *)b - b->prev_size);
}

static inline void *mb_payload(const struct mem_block *b)
{
    return (char *)b + MB_HEADER;
}

static inline struct mem_block *mb_of_payload(const void *payload)
{
    return (struct mem_block *)((char *)payload - MB_HEADER);
}

/* The bytes that a used block's owner may write. */
static inline size_t mb_usable(const struct mem_block *b)
{
    return mb_size(b) - MB_OVERHEAD;
}

/* The block size that a request of `size` bytes needs; `size` <= PTRDIFF_MAX. */
static inline size_t mb_size_for(size_t size)
{
    size_t needed = bits_round_up(size + MB_OVERHEAD, MA_ALIGNMENT);
    return needed < MB_MIN ? MB_MIN : needed;
}

/* Change the size; flags stay. */
static inline void mb_set_size(struct mem_block *b, size_t size)
{
    mb_set(b, size, mb_flags(b));
}

/* Mark `b` used, and tell its next block. */
static inline void mb_mark_used(struct mem_block *b)
{
    struct mem_block *next = mb_next(b);
    mb_set(b, mb_size(b), (mb_flags(b) | MB_USED) & ~MB_BLANK);
    mb_set(next, mb_size(next), mb_flags(next) | MB_PREV_USED);
}

/* Mark `b` free, and tell its next block (I3). */
static inline void mb_mark_free(struct mem_block *b)
{
    struct mem_block *next = mb_next(b);
    mb_set(b, mb_size(b), mb_flags(b) & ~MB_USED);
    mb_set(next, mb_size(next), mb_flags(next) & ~MB_PREV_USED);
    next->prev_size = mb_size(b);
}

/* Make of `size` bytes at `b`, between used blocks, one free block (I3). */
static inline void mb_set_free(struct mem_block *b, size_t size)
{
    struct mem_block *next = mb_at(b, size);
    mb_set(b, size, MB_PREV_USED);
    if (mb_prev_is_used(next)) {
        mb_set(next, mb_size(next), mb_flags(next) & ~MB_PREV_USED);
    }
    next->prev_size = size;
}

/*
 * Merge the free block `next`, which follows `b`, into the free block `b`.
 *
 * The header of `next` stays behind, marked free: whoever frees its payload a
 * second time is told so, until the memory is used again.
 */
static inline void mb_absorb(struct mem_block *b, struct mem_block *next)
{
    MA_ASSERT(mb_next(b) == next && !mb_is_used(b) && !mb_is_used(next));
    mb_set_size(b, mb_size(b) + mb_size(next));
    mb_next(b)->prev_size = mb_size(b);
}

/*
 * Cut `b` down to `size` bytes; what is left becomes a block of its own, with the
 * same state as `b`. Requires: at least MB_MIN are left.
 */
static inline struct mem_block *mb_split(struct mem_block *b, size_t size)
{
    MA_ASSERT(mb_size(b) >= size + MB_MIN && size >= MB_MIN);
    struct mem_block *rest = mb_at(b, size);
    size_t used = mb_flags(b) & MB_USED;
    mb_set(rest, mb_size(b) - size, used | (used != 0 ? MB_PREV_USED : 0));
    mb_set_size(b, size);
    if (used == 0) {
        rest->prev_size = size;
        mb_next(rest)->prev_size = mb_size(rest);
    }
    return rest;
}

/*
 * Make the first `size` bytes of the free block `b` a used block; what is left becomes a free
 * one of its own. Requires: at least MB_MIN are left.
 */
static inline struct mem_block *mb_take_front(struct mem_block *b, size_t size)
{
    MA_ASSERT(!mb_is_used(b) && mb_size(b) >= size + MB_MIN && size >= MB_MIN);
    struct mem_block *rest = mb_at(b, size);
    size_t rest_size = mb_size(b) - size;
    mb_set(rest, rest_size, MB_PREV_USED);
    mb_at(rest, rest_size)->prev_size = rest_size;
    mb_set(b, size, (mb_flags(b) | MB_USED) & ~MB_BLANK);
    return rest;
}

#endif
