/*
 * Walking the heap and checking its invariants (docs/invariants.md).
 */
#include "core/core_locked.h"

#include <string.h>

int core_walk(struct ma_core *core, int (*visit)(const struct ma_block *, void *), void *context)
{
    int result = 0;
    core_enter(core);
    for (const struct segment *s = core->segments; s != NULL && result == 0; s = s->next) {
        const struct mem_block *b = segment_first(s);
        for (; !mb_is_fence(b) && result == 0; b = mb_next(b)) {
            struct ma_block seen = {mb_payload(b), mb_size(b), mb_usable(b), mb_is_used(b)};
            result = visit(&seen, context);
        }
    }
    if (core->reserve.start != NULL && result == 0) {
        size_t size = core->reserve.size;
        struct ma_block seen = {core->reserve.start + MB_HEADER, size, size - MB_OVERHEAD, 0};
        result = visit(&seen, context);
    }
    core_leave(core);
    return result;
}

struct counts {
    size_t free_count;
    size_t free_bytes;
    size_t live_count;
    size_t live_bytes;
    size_t heap_bytes;
};

static int broken(int invariant, const void *where, const char *what)
{
    report_line("heap check: invariant I%d is broken at %p: %s", invariant, where, what);
    return invariant;
}

/* Check one block; `prev` is the block before it, or NULL. */
static int check_block(const struct segment *segment, const struct mem_block *b,
                       const struct mem_block *prev)
{
    bool prev_is_used = prev == NULL || mb_is_used(prev);
    if (!mb_is_sealed(b)) {
        return broken(6, b, "the header was overwritten");
    }
    if (mb_prev_is_used(b) != prev_is_used || (!prev_is_used && b->prev_size != mb_size(prev))) {
        return broken(3, b, "the header and the block before disagree");
    }
    if (!prev_is_used && !mb_is_used(b)) {
        return broken(2, b, "two free blocks are adjacent");
    }
    bool is_end = b == segment_fence(segment);
    if (is_end != mb_is_fence(b) || (is_end && !mb_is_used(b))) {
        return broken(5, b, "the segment does not end in one used fence");
    }
    if (!is_end && (mb_size(b) < MB_MIN || (char *)mb_next(b) > (char *)segment_fence(segment))) {
        return broken(1, b, "the block does not lie within its segment");
    }
    return 0;
}

static bool is_zero(const char *from, const char *to)
{
    return from >= to || (*from == 0 && memcmp(from, from + 1, (size_t)(to - from) - 1) == 0);
}

/* I9. */
static int check_blank(const struct mem_block *b)
{
    struct written written = written_behind_links(bins_written(b), b);
    const char *blank = (const char *)b + TREE_BLOCK_MIN;
    const char *next = (const char *)mb_next(b);
    bool holds = written_is_none(written)
                     ? is_zero(blank, next)
                     : is_zero(blank, written.start) && is_zero(written.end, next);
    return holds ? 0 : broken(9, b, "memory that counts as never written is not zero");
}

static void count_block(struct counts *counts, const struct mem_block *b)
{
    if (mb_is_used(b)) {
        counts->live_count++;
        counts->live_bytes += mb_usable(b);
    } else {
        counts->free_count++;
        counts->free_bytes += mb_size(b);
    }
}

static int check_segment(const struct segment *segment, struct counts *counts)
{
    for (const char *p = (const char *)segment; p < segment->end; p += MA_GRANULE) {
        if (space_segment_of(p) != segment) {
            return broken(7, p, "the descriptor table does not name the segment");
        }
    }
    if (space_segment_of((const char *)segment - 1) == segment ||
        space_segment_of(segment->end) == segment) {
        return broken(7, segment, "the descriptor table names the segment beyond its ends");
    }
    const struct mem_block *prev = NULL;
    const struct mem_block *b = segment_first(segment);
    for (;; b = mb_next(b)) {
        int result = check_block(segment, b, prev);
        if (result != 0 || mb_is_fence(b)) {
            counts->heap_bytes += (size_t)(segment->end - (const char *)segment);
            return result;
        }
        result = mb_is_used(b) ? 0 : check_blank(b);
        if (result != 0) {
            return result;
        }
        count_block(counts, b);
        prev = b;
    }
}

static int check_locked(struct ma_core *core)
{
    struct counts counts = {0};
    for (const struct segment *s = core->segments; s != NULL; s = s->next) {
        int result = check_segment(s, &counts);
        if (result != 0) {
            return result;
        }
    }
    if (!bins_check(core->bins) || counts.free_count != core->bins->block_count ||
        counts.free_bytes != core->bins->bytes) {
        return broken(4, core, "the bins do not hold exactly the free blocks");
    }
    if (counts.live_count != core->live_count || counts.live_bytes != core->live_bytes ||
        counts.heap_bytes != core->heap_bytes) {
        return broken(8, core, "the counts are not those of the blocks");
    }
    return 0;
}

int core_check(struct ma_core *core)
{
    core_enter(core);
    int result = check_locked(core);
    core_leave(core);
    return result;
}
