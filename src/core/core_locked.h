/*
 * What the files of the core share: steps of its operations, each under its lock.
 */
#ifndef MA_CORE_CORE_LOCKED_H
#define MA_CORE_CORE_LOCKED_H

#include "core/core.h"

/* Enter and leave the core. Leaving carries out what was put off (see core_free()). */
void core_enter(struct ma_core *core);
void core_leave(struct ma_core *core);

/* The free block before `b`; aborts with a report where it was overwritten. Requires:
 * the core's lock, and that `b` says that there is one. */
struct mem_block *core_free_prev_locked(const struct mem_block *b);

/* A used block of `size` bytes (header included) or a little more; NULL when memory is out. */
struct mem_block *core_allocate_locked(struct ma_core *core, size_t size);

/* Make the used block `b`, which counts as live no more, free: merge it with its
 * neighbours, file it, trim. */
void core_make_free_locked(struct ma_core *core, struct mem_block *b);

/* Keep `clean` and the count of live bytes true: `b` is used now, has grown or shrunk
 * from `old_usable` bytes, and what follows it may be a free block, of which as much as a
 * tree node is written to. */
void core_note_used_locked(struct ma_core *core, const struct mem_block *b, size_t old_usable);

/* A filed free block of at least `size` bytes from new memory; NULL when memory is out. */
struct mem_block *core_grow_locked(struct ma_core *core, size_t size);

/* Extend the segment `core->growing`, so that a filed free block of at least `size`
 * bytes ends it; NULL where the segment cannot be extended. */
struct mem_block *core_extend_locked(struct ma_core *core, size_t size);

/* The free block `b` has just come to stand before a fence: give memory back where
 * there is more of it than it is worth to keep. */
void core_tail_freed_locked(struct ma_core *core, struct mem_block *b);

/* The free block that ends `segment`, or NULL. */
struct mem_block *core_free_tail_locked(const struct segment *segment);

/* Give back what the free block at the end of `core->growing` has over `keep` bytes. */
bool core_trim_locked(struct ma_core *core, size_t keep);

/* The first block and the fence of a segment. */
static inline struct mem_block *segment_first(const struct segment *segment)
{
    return (struct mem_block *)((char *)segment +
                                bits_round_up(sizeof(struct segment), MA_ALIGNMENT));
}

static inline struct mem_block *segment_fence(const struct segment *segment)
{
    return (struct mem_block *)(segment_end(segment) - MB_FENCE_SIZE);
}

#endif
