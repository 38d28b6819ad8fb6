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

/* A used block, NULL when there is none; and what of it may be other than zero. */
struct taken {
    struct mem_block *block;
    struct written written;
};

/* What core_serve() finds, but for the clearing. */
struct taken core_take_locked(struct ma_core *core, const struct core_request *request);

/* Cut the used block `b` into `count`, each of `size` bytes but the last, which has the rest. */
void core_cut_run_locked(struct ma_core *core, struct mem_block *b, size_t size, size_t count);

/* Release the used block `b`, of which `written` may be other than zero. */
void core_release_locked(struct ma_core *core, struct mem_block *b, struct written written);

/* Make the used block `b`, which counts as live no more and of which `written` may be other than zero, free: merge
 * it with its neighbours, file it, trim, purge. */
void core_make_free_locked(struct ma_core *core, struct mem_block *b, struct written written);

/* Keep the count of live bytes true: `b` is used now, has grown or shrunk from `old_usable` bytes. */
void core_note_used_locked(struct ma_core *core, const struct mem_block *b, size_t old_usable);

/* A filed free block of at least `size` bytes from new memory; NULL when memory is out. */
struct mem_block *core_grow_locked(struct ma_core *core, size_t size);

/* Used blocks have so many usable bytes more. */
static inline void core_count_live_locked(struct ma_core *core, size_t bytes)
{
    __atomic_store_n(&core->live_bytes, core->live_bytes + bytes, __ATOMIC_RELAXED);
}

/* A core that serves interrupting calls, and whose memory that was set aside is used, sets more aside: for the next call that interrupts
 * the space. */
void core_reserve_again_locked(struct ma_core *core);

/* Whether a core that serves interrupting calls is to deny a block of `size` bytes: it is not small, and nothing is set aside, nor to be had
 * now, so that what the core has is for small ones. */
bool core_denies_locked(struct ma_core *core, size_t size);

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

/* Give dirty pages back to the system: what exceeds the ceiling, or was not needed for long; not much more at a time
 * than `freed` bytes, which have just become free. */
void core_purge_some_locked(struct ma_core *core, size_t freed);

/* The same with up to `bytes` of them, whatever the ceiling. True where there were any. */
MA_RARE bool core_purge_locked(struct ma_core *core, size_t bytes);

/* Give the pages of the used block `b` back, whose contents are not needed any more: what may be other than zero is
 * left. Needs no lock. */
MA_RARE struct written core_purge_used(struct mem_block *b);

/* Purge the top `b`, whose segment cannot shrink, but for its first `keep` bytes. True where there was any page. */
MA_RARE bool core_purge_top_locked(struct ma_core *core, struct mem_block *b, size_t keep);

#endif
