/*
 * How a core takes memory from the space and gives it back. Invariants I5, I9.
 */
#include "core/core_locked.h"

#include "os/os.h"

/* Of what was set aside, and of the last that there is, a block may have such a share at most. */
enum { RESERVE_SHARE = 8 };

/* What a segment needs besides one block: its record and its fence. */
static size_t segment_cost(void)
{
    return bits_round_up(sizeof(struct segment), MA_ALIGNMENT) + MB_FENCE_SIZE;
}

/* How much to take when `missing` bytes are wanted. */
static size_t growth_for(const struct ma_core *core, size_t missing)
{
    size_t least = core->lock.interrupts ? MA_GRANULE : MA_GROW_MIN;
    size_t step = core->heap_bytes / MA_GROW_SHARE;
    step = step > least ? step : least;
    return bits_round_up(missing > step ? missing : step, MA_GRANULE);
}

static void set_heap_bytes_locked(struct ma_core *core, size_t bytes)
{
    __atomic_store_n(&core->heap_bytes, bytes, __ATOMIC_RELAXED);
}

/* A fence; the block before it is free. */
static void put_fence(struct segment *segment)
{
    mb_set(segment_fence(segment), MB_FENCE_SIZE, MB_USED);
}

struct mem_block *core_free_tail_locked(const struct segment *segment)
{
    const struct mem_block *fence = segment_fence(segment);
    return mb_prev_is_used(fence) ? NULL : core_free_prev_locked(fence);
}

/* File the free block that ends a segment. */
static void file_top_locked(struct ma_core *core, struct mem_block *b, struct written written)
{
    bins_insert_written(core->bins, b, written, true);
}

/*
 * The segment's new end lies `size` bytes above its old fence: make the old fence the
 * head of a free block up to the new one, which is blank, and merge it with what was before.
 */
static struct mem_block *fill_extension_locked(struct ma_core *core, struct mem_block *old_fence,
                                               size_t size)
{
    struct mem_block *tail = mb_prev_is_used(old_fence) ? NULL : core_free_prev_locked(old_fence);
    put_fence(core->growing);
    mb_set(old_fence, size, tail == NULL ? MB_PREV_USED : 0);
    mb_mark_free(old_fence);
    if (tail == NULL) {
        file_top_locked(core, old_fence, written_none());
        return old_fence;
    }
    struct written written = bins_remove(core->bins, tail);
    mb_absorb(tail, old_fence);
    old_fence->prev_size = 0; /* I9: where all is blank, no trace of the fence */
    old_fence->head = 0;
    file_top_locked(core, tail, written);
    return tail;
}

/* The heap has grown by `growth` bytes: what was given back a moment ago would have been of use. */
static void regret_locked(struct ma_core *core, size_t growth)
{
    if (core->trimmed_bytes == 0) {
        return;
    }
    if (os_milliseconds() - core->trimmed_at < MA_TRIM_REGRET) {
        size_t again = bits_min(growth, core->trimmed_bytes);
        core->regretted += again;
        core->trimmed_bytes -= again;
    } else {
        core->trimmed_bytes = 0;
    }
}

struct mem_block *core_extend_locked(struct ma_core *core, size_t size)
{
    struct segment *segment = core->growing;
    if (segment == NULL) {
        return NULL;
    }
    struct mem_block *old_fence = segment_fence(segment);
    struct mem_block *tail = core_free_tail_locked(segment);
    size_t missing = size - (tail != NULL ? mb_size(tail) : 0);
    size_t growth = growth_for(core, missing);
    if (!space_extend(segment, growth)) {
        growth = bits_round_up(missing, MA_GRANULE);
        if (!space_extend(segment, growth)) {
            return NULL;
        }
    }
    set_heap_bytes_locked(core, core->heap_bytes + growth);
    regret_locked(core, growth);
    return fill_extension_locked(core, old_fence, growth);
}

/* The growing segment's top is about to be a free block like others: it is purged as they are. */
static void bury_top_locked(struct ma_core *core)
{
    struct mem_block *tail = core_free_tail_locked(core->growing);
    if (tail != NULL) {
        struct written written = bins_remove(core->bins, tail);
        bins_insert_written(core->bins, tail, written, false);
    }
}

/* A segment with a block of `size` bytes, of `*growth` bytes; NULL when memory is out. What was set aside is for small blocks: it is to last
 * for all that a handler asks for, or a child that it forks. */
static struct segment *take_segment_locked(struct ma_core *core, size_t size, size_t *growth)
{
    size_t needed = size + segment_cost();
    if (needed <= core->reserve.size / RESERVE_SHARE) {
        struct space_run run = core->reserve;
        core->reserve = (struct space_run){NULL, 0, false};
        *growth = run.size;
        return space_use(core, run);
    }
    *growth = growth_for(core, needed);
    struct segment *segment = space_new_segment(core, *growth);
    if (segment == NULL) {
        *growth = bits_round_up(needed, MA_GRANULE);
        segment = space_new_segment(core, *growth);
    }
    return segment;
}

static struct mem_block *new_segment_locked(struct ma_core *core, size_t size)
{
    size_t growth = 0;
    struct segment *segment = take_segment_locked(core, size, &growth);
    if (segment == NULL) {
        return NULL;
    }
    segment->next = core->segments;
    if (segment->next != NULL) {
        segment->next->prev = segment;
    }
    if (core->growing != NULL) {
        bury_top_locked(core);
    }
    core->segments = segment;
    core->growing = segment;
    set_heap_bytes_locked(core, core->heap_bytes + growth);
    put_fence(segment);
    struct mem_block *b = segment_first(segment);
    mb_set(b, (size_t)((char *)segment_fence(segment) - (char *)b), MB_PREV_USED);
    mb_mark_free(b);
    core->populated = (char *)b;
    file_top_locked(core, b, written_none());
    return b;
}

struct mem_block *core_grow_locked(struct ma_core *core, size_t size)
{
    if (size > MB_SIZE_MAX - MA_GRANULE - segment_cost()) {
        return NULL;
    }
    struct mem_block *b = core_extend_locked(core, size);
    return b != NULL ? b : new_segment_locked(core, size);
}

/* Give a segment that is one free block back whole. */
static bool drop_segment_locked(struct ma_core *core, struct segment *segment)
{
    struct mem_block *b = segment_first(segment);
    struct segment *next = segment->next;
    struct segment *prev = segment->prev;
    size_t size = (size_t)(segment->end - (char *)segment);
    struct written written = bins_remove(core->bins, b);
    if (!space_shrink(segment, size)) {
        file_top_locked(core, b, written);
        return false;
    }
    *(prev != NULL ? &prev->next : &core->segments) = next;
    if (next != NULL) {
        next->prev = prev;
    }
    if (core->growing == segment) {
        core->growing = core->segments;
        core->populated = core->growing != NULL ? core->growing->end : NULL;
    }
    set_heap_bytes_locked(core, core->heap_bytes - size);
    return true;
}

bool core_trim_locked(struct ma_core *core, size_t keep)
{
    struct segment *segment = core->growing;
    struct mem_block *tail = segment != NULL ? core_free_tail_locked(segment) : NULL;
    if (tail == NULL || keep > mb_size(tail)) {
        return false;
    }
    keep = bits_round_up(keep > MB_MIN ? keep : MB_MIN, MA_ALIGNMENT);
    if (mb_size(tail) < keep + MA_GRANULE) {
        return false;
    }
    size_t given = bits_round_down(mb_size(tail) - keep, MA_GRANULE);
    struct written written = bins_remove(core->bins, tail);
    bool shrunk = space_shrink(segment, given);
    if (shrunk) {
        set_heap_bytes_locked(core, core->heap_bytes - given);
        mb_set_size(tail, mb_size(tail) - given);
        core->populated = core->populated < segment->end ? core->populated : segment->end;
    }
    put_fence(segment); /* where it has not shrunk the old one may be gone */
    mb_next(tail)->prev_size = mb_size(tail);
    file_top_locked(core, tail, written);
    return shrunk || core_purge_top_locked(core, tail, keep);
}

/*
 * How much of the top to keep, when more than `threshold` is free there: what the program has
 * needed again since the window began, a moment ago at least, is likely to be needed once more,
 * and to fault it in anew costs more than all else that is done here. What exceeds all that is live goes at once, but for
 * as much as was given back so and soon needed again: of a program that builds and drops in turn it has gone once.
 */
static size_t top_to_keep_locked(struct ma_core *core, size_t threshold)
{
    uint64_t now = os_milliseconds();
    bool is_over = core->window_start != 0 && now - core->window_start >= MA_TRIM_AGE;
    size_t needed_again = core->recent_peak - core->live_bytes;
    core->recent_low = bits_min(core->recent_low, core->live_bytes);
    if (is_over) {
        core->regretted = bits_min(core->regretted, core->recent_peak - core->recent_low);
    }
    if (is_over || core->window_start == 0) {
        core->window_start = now;
        core->recent_peak = core->live_bytes;
        core->recent_low = core->live_bytes;
    }
    size_t hold = core->live_bytes + MA_TRIM_HOLD + core->regretted;
    size_t keep = is_over ? bits_max(needed_again, threshold / 2) : hold;
    return keep < hold ? keep : hold;
}

/* `bytes` of the top were given back: what goes step by step, as the blocks below it are freed, is regretted as one. */
static void note_trimmed_locked(struct ma_core *core, size_t bytes)
{
    uint64_t now = os_milliseconds();
    bool goes_on = now - core->trimmed_at < MA_TRIM_REGRET;
    core->trimmed_bytes = bytes + (goes_on ? core->trimmed_bytes : 0);
    core->trimmed_at = now;
}

void core_tail_freed_locked(struct ma_core *core, struct mem_block *b)
{
    struct segment *segment = space_segment_of(b);
    size_t size = mb_size(b);
    size_t threshold = bits_max((core->heap_bytes - size) / MA_TRIM_SHARE, MA_TRIM_MIN);
    bool is_whole = b == segment_first(segment);
    if (is_whole && segment->is_mapped && (segment != core->growing || size > threshold)) {
        drop_segment_locked(core, segment);
    } else if (segment == core->growing && size > threshold) {
        size_t keep = top_to_keep_locked(core, threshold);
        if (size > keep && size - keep > threshold / 2 && core_trim_locked(core, keep)) {
            note_trimmed_locked(core, size - keep);
        }
    }
}

static void set_aside_locked(struct ma_core *core)
{
    core->reserve = space_set_aside(growth_for(core, MB_MIN));
}

void core_reserve_again_locked(struct ma_core *core)
{
    if (core->lock.interrupts && core->reserve.start == NULL) {
        set_aside_locked(core);
    }
}

bool core_denies_locked(struct ma_core *core, size_t size)
{
    if (!core->lock.interrupts || size <= MA_GRANULE / RESERVE_SHARE) {
        return false;
    }
    core_reserve_again_locked(core);
    return core->reserve.start == NULL;
}

bool core_reserve(struct ma_core *core)
{
    core_enter(core);
    set_aside_locked(core);
    bool has_any = core->reserve.start != NULL;
    core_leave(core);
    return has_any;
}

bool core_trim(struct ma_core *core, size_t pad)
{
    if (core->lock.interrupts) {
        return false;
    }
    core_enter(core);
    core_leave(core); /* what was put off is free now, too */
    core_enter(core);
    bool given = core_trim_locked(core, pad);
    core->is_purge_refused = false; /* the program may have unlocked its memory */
    given |= core_purge_locked(core, PTRDIFF_MAX);
    core_leave(core);
    return given;
}
