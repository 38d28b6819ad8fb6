/*
 * Allocate by best fit, split; release, coalesce. Invariants I2, I3, I4.
 */
#include "core/core_locked.h"

#include <string.h>

uint64_t mb_key;

/* A payload whose release was put off; the link lies in the payload. */
struct deferred {
    struct deferred *next;
};

void core_init(struct ma_core *core, bool interrupts)
{
    lock_init(&core->lock, LOCK_RANK_CORE, interrupts);
}

/* This thread had to wait: the core is crowded when that happens often. */
static void note_wait_locked(struct ma_core *core)
{
    if (core->allocate_count - core->wait_window > MA_CROWD_WINDOW) {
        core->wait_window = core->allocate_count;
        core->wait_count = 0;
    }
    if (++core->wait_count >= MA_CROWD_WAITS) {
        core->wait_count = 0;
        __atomic_store_n(&core->is_crowded, true, __ATOMIC_RELAXED);
    }
}

void core_enter(struct ma_core *core)
{
    if (!lock_acquire(&core->lock)) {
        note_wait_locked(core);
    }
}

bool core_is_entered(const struct ma_core *core)
{
    return lock_held_by_me(&core->lock);
}

void core_lend(struct ma_core *core)
{
    if (!lock_lent_to_me(&core->lock)) {
        core_enter(core);
    }
    lock_lend(&core->lock);
}

bool core_lend_within(struct ma_core *core, unsigned milliseconds)
{
    bool is_mine = lock_lent_to_me(&core->lock) || lock_acquire_within(&core->lock, milliseconds);
    if (is_mine) {
        lock_lend(&core->lock);
    }
    return is_mine;
}

void core_take_back(struct ma_core *core)
{
    if (lock_lent_to_me(&core->lock) && lock_take_back(&core->lock)) {
        core_leave(core);
    }
}

/* Whether `b` can be a block's address at all: aligned, within a segment's blocks. */
static inline __attribute__((always_inline)) bool may_be_block(const struct mem_block *b)
{
    const struct segment *segment = space_segment_of(b);
    return (uintptr_t)b % MA_ALIGNMENT == 0 && segment != NULL && b >= segment_first(segment) &&
           b < segment_fence(segment);
}

struct mem_block *core_block_of(const void *payload, const char *caller)
{
    struct mem_block *b = mb_of_payload(payload);
    MA_CHECK(may_be_block(b) && mb_is_sealed(b),
             "%s(%p): no block begins there, or its header was overwritten", caller, payload);
    MA_CHECK(mb_is_used(b), "%s(%p): double free: the block of %zu bytes is free already", caller,
             payload, mb_size(b));
    const struct mem_block *next = mb_next(b);
    MA_CHECK(mb_is_sealed(next) && mb_prev_is_used(next),
             "%s(%p): heap corrupted: the header after the block of %zu usable bytes was "
             "overwritten; probably a write past the block's end",
             caller, payload, mb_usable(b));
    return b;
}

struct mem_block *core_free_prev_locked(const struct mem_block *b)
{
    struct mem_block *prev = mb_prev(b);
    MA_CHECK(may_be_block(prev) && mb_is_sealed(prev) && !mb_is_used(prev) &&
                 mb_size(prev) == b->prev_size,
             "heap corrupted: the header of the free block before %p was overwritten",
             mb_payload(b));
    return prev;
}

void core_note_used_locked(struct ma_core *core, const struct mem_block *b, size_t old_usable)
{
    core->live_bytes += mb_usable(b) - old_usable;
    if (core->live_bytes > core->recent_peak) {
        core->recent_peak = core->live_bytes;
        core->peak_live_bytes =
            core->live_bytes > core->peak_live_bytes ? core->live_bytes : core->peak_live_bytes;
    }
    if ((const char *)b >= core->growing->end) {
        return; /* in a segment that lies above the growing one */
    }
    char *written = (char *)mb_next(b) + TREE_BLOCK_MIN;
    core->clean = core->clean > written ? core->clean : written;
}

/*
 * Make the first `size` bytes of the free block `b`, which is in no bin, a used
 * block; the rest, if it can be one, is filed as a free block.
 */
static void carve_locked(struct ma_core *core, struct mem_block *b, size_t size)
{
    if (mb_size(b) - size >= MB_MIN) {
        bins_insert(&core->bins, mb_take_front(b, size));
    } else {
        mb_mark_used(b);
    }
    core->live_count++;
    core->allocate_count++;
    core_note_used_locked(core, b, 0);
}

/* The same as carve_locked(), of a block that is in a bin; NULL of NULL. */
static struct mem_block *take_locked(struct ma_core *core, struct mem_block *b, size_t size)
{
    if (b != NULL) {
        bins_remove(&core->bins, b);
        carve_locked(core, b, size);
    }
    return b;
}

/* A filed free block of at least `size` bytes from `source`; NULL if there is none. */
static struct mem_block *find_locked(struct ma_core *core, size_t size, enum core_source source)
{
    struct mem_block *b = bins_best_fit(&core->bins, size);
    if (source == CORE_BELOW_TOP && b != NULL && mb_next(b) == segment_fence(core->growing)) {
        return NULL;
    }
    return b != NULL || source != CORE_GROWN ? b : core_grow_locked(core, size);
}

struct mem_block *core_allocate_locked(struct ma_core *core, size_t size)
{
    MA_ASSERT(lock_held_by_me(&core->lock));
    return take_locked(core, find_locked(core, size, CORE_GROWN), size);
}

/* Bytes to cut off the front of the free block `b` so that what lies `offset` bytes into
 * it is aligned; they can be a block of their own. */
static size_t aligning_lead(const struct mem_block *b, size_t alignment, size_t offset)
{
    char *point = (char *)b + offset;
    size_t lead = (size_t)(bits_align_up(point, alignment) - point);
    return lead != 0 && lead < MB_MIN ? lead + alignment : lead;
}

static __attribute__((noinline)) struct mem_block *
allocate_aligned_locked(struct ma_core *core, const struct core_request *r, size_t size)
{
    struct mem_block *b = bins_best_fit(&core->bins, size);
    if (b == NULL || aligning_lead(b, r->alignment, r->offset) + size > mb_size(b)) {
        b = find_locked(core, size + r->alignment + MA_ALIGNMENT, r->source);
    }
    if (b == NULL) {
        return NULL;
    }
    bins_remove(&core->bins, b);
    size_t lead = aligning_lead(b, r->alignment, r->offset);
    if (lead != 0) {
        struct mem_block *rest = mb_split(b, lead);
        bins_insert(&core->bins, b);
        b = rest;
    }
    carve_locked(core, b, size);
    return b;
}

static struct mem_block *serve_locked(struct ma_core *core, const struct core_request *r)
{
    size_t size = r->block_size != 0 ? r->block_size : mb_size_for(r->size);
    return r->alignment > MA_ALIGNMENT
               ? allocate_aligned_locked(core, r, size)
               : take_locked(core, find_locked(core, size, r->source), size);
}

void *core_serve(struct ma_core *core, const struct core_request *r)
{
    core_enter(core);
    struct segment *grown = core->growing;
    char *clean = core->clean;
    struct mem_block *b = serve_locked(core, r);
    if (core->growing != grown) {
        clean = (char *)segment_first(core->growing) + TREE_BLOCK_MIN;
    }
    core_leave(core);
    if (b == NULL) {
        return NULL;
    }
    char *payload = mb_payload(b);
    if (r->is_zeroed) {
        bool runs_into_clean = payload < clean && clean < payload + r->size;
        memset(payload, 0, runs_into_clean ? (size_t)(clean - payload) : r->size);
        mb_next(b)->prev_size = 0; /* the payload's last word; splitting wrote there */
    }
    return payload;
}

/*
 * Merge `b`, which is free and in no bin, with its free neighbours, and file it.
 *
 * Ensures: I2 holds again, which is broken on entry.
 * Relies on I5 (a segment ends in a used fence): mb_next() is readable.
 */
static struct mem_block *coalesce_locked(struct ma_core *core, struct mem_block *b)
{
    MA_ASSERT(!mb_is_used(b));
    struct mem_block *next = mb_next(b);
    if (!mb_is_used(next)) {
        bins_remove(&core->bins, next);
        mb_absorb(b, next);
    }
    if (!mb_prev_is_used(b)) {
        struct mem_block *prev = core_free_prev_locked(b);
        bins_remove(&core->bins, prev);
        mb_absorb(prev, b);
        b = prev;
    }
    bins_insert(&core->bins, b);
    return b;
}

void core_make_free_locked(struct ma_core *core, struct mem_block *b)
{
    MA_ASSERT(lock_held_by_me(&core->lock));
    mb_mark_free(b);
    b = coalesce_locked(core, b);
    if (mb_is_fence(mb_next(b)) && !core->lock.interrupts) {
        core_tail_freed_locked(core, b);
    }
}

static void release_locked(struct ma_core *core, struct mem_block *b)
{
    core->live_bytes -= mb_usable(b);
    core->live_count--;
    core_make_free_locked(core, b);
}

static __attribute__((noinline)) void release_deferred_locked(struct ma_core *core)
{
    struct deferred *d = __atomic_exchange_n(&core->deferred, NULL, __ATOMIC_ACQUIRE);
    while (d != NULL) {
        struct deferred *next = d->next;
        release_locked(core, core_block_of(d, "free"));
        d = next;
    }
}

void core_leave(struct ma_core *core)
{
    if (__atomic_load_n(&core->deferred, __ATOMIC_RELAXED) != NULL) {
        release_deferred_locked(core);
    }
    lock_release(&core->lock);
}

void core_defer(struct ma_core *core, void *payload)
{
    (void)core_block_of(payload, "free"); /* before a link is written there */
    struct deferred *d = payload;
    d->next = __atomic_load_n(&core->deferred, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&core->deferred, &d->next, d, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
}

void core_free(struct ma_core *core, void *payload)
{
    core_enter(core);
    release_locked(core, core_block_of(payload, "free"));
    core_leave(core);
}

void *core_free_chain(struct ma_core *core, void *payload)
{
    core_enter(core);
    while (payload != NULL) {
        const struct segment *segment = space_segment_of(payload);
        if (segment == NULL || segment->core != core) {
            break;
        }
        void *next = *(void **)payload;
        release_locked(core, core_block_of(payload, "free"));
        payload = next;
    }
    core_leave(core);
    return payload;
}

size_t core_usable_size(const void *payload, const char *caller)
{
    return mb_usable(core_block_of(payload, caller));
}

void core_add_stats(struct ma_core *core, struct ma_stats *stats)
{
    core_enter(core);
    size_t largest = bins_largest(&core->bins);
    stats->live_bytes += core->live_bytes;
    stats->live_count += core->live_count;
    stats->peak_live_bytes += core->peak_live_bytes;
    stats->free_bytes += core->bins.bytes;
    stats->free_count += core->bins.block_count;
    stats->largest_free = largest > stats->largest_free ? largest : stats->largest_free;
    const struct mem_block *tail =
        core->growing != NULL ? core_free_tail_locked(core->growing) : NULL;
    stats->top_free_bytes += tail != NULL && !core->lock.interrupts ? mb_size(tail) : 0;
    stats->overhead_bytes += core->heap_bytes - core->live_bytes - core->bins.bytes;
    stats->allocate_count += core->allocate_count;
    stats->release_count += core->allocate_count - core->live_count;
    for (const struct segment *s = core->segments; s != NULL; s = s->next) {
        stats->segment_count++;
    }
    core_leave(core);
}
