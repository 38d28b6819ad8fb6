/*
 * Allocate by best fit, split; release, coalesce. Invariants I2, I3, I4.
 */
#include "core/core_locked.h"

#include "core/huge.h"
#include "core/populate.h"
#include "os/os.h"

#include <string.h>

uint64_t mb_key;

/* A payload whose release was put off; the link lies in the payload. */
struct deferred {
    struct deferred *next;
};

void core_init(struct ma_core *core, struct bins *bins, bool interrupts)
{
    core->bins = bins;
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
    return lock_lend_within(&core->lock, milliseconds);
}

void core_take_back(struct ma_core *core)
{
    if (lock_lent_to_me(&core->lock) && lock_take_back(&core->lock)) {
        core_leave(core);
    }
}

void core_refuse(const void *payload, const char *caller)
{
    const struct mem_block *b = mb_of_payload(payload);
    MA_CHECK(core_may_be_block(b) && mb_is_sealed(b),
             "%s(%p): no block begins there, or its header was overwritten", caller, payload);
    MA_CHECK(mb_is_used(b), "%s(%p): double free: the block of %zu bytes is free already", caller,
             payload, mb_size(b));
    report_fatal("%s(%p): heap corrupted: the header after the block of %zu usable bytes was "
                 "overwritten; probably a write past the block's end",
                 caller, payload, mb_usable(b));
}

struct mem_block *core_free_prev_locked(const struct mem_block *b)
{
    struct mem_block *prev = mb_prev(b);
    MA_CHECK(core_may_be_block(prev) && mb_is_sealed(prev) && !mb_is_used(prev) &&
                 mb_size(prev) == b->prev_size,
             "heap corrupted: the header of the free block before %p was overwritten",
             mb_payload(b));
    return prev;
}

void core_note_used_locked(struct ma_core *core, const struct mem_block *b, size_t old_usable)
{
    core_count_live_locked(core, mb_usable(b) - old_usable);
    if (core->live_bytes > core->recent_peak) {
        core->recent_peak = core->live_bytes;
        core->peak_live_bytes =
            core->live_bytes > core->peak_live_bytes ? core->live_bytes : core->peak_live_bytes;
    }
}

/* File the free block `b`, of which `written` may be other than zero. */
static void file_locked(struct ma_core *core, struct mem_block *b, struct written written)
{
    bins_insert_written(core->bins, b, written, mb_next(b) == segment_fence(core->growing));
}

/*
 * Make the first `size` bytes of the free block `b`, which is in no bin, a used
 * block; the rest, if it can be one, is filed as a free block.
 */
static void carve_locked(struct ma_core *core, struct mem_block *b, size_t size,
                         struct written written)
{
    if (mb_size(b) - size >= MB_MIN) {
        file_locked(core, mb_take_front(b, size), written);
    } else {
        mb_mark_used(b);
    }
    core->live_count++;
    core->allocate_count++;
    core_note_used_locked(core, b, 0);
}

/* The same as carve_locked(), of a block that is in a bin; NULL of NULL. */
static struct taken take_locked(struct ma_core *core, struct mem_block *b, size_t size)
{
    struct taken taken = {b, written_none()};
    if (b != NULL) {
        taken.written = bins_remove_for(core->bins, b, mb_at(b, size), mb_size(b) - size);
        carve_locked(core, b, size, taken.written);
    }
    return taken;
}

/* Whether the filed free block `b` is not to be had from `source`. */
static bool is_refused(const struct ma_core *core, const struct mem_block *b,
                       enum core_source source)
{
    return source == CORE_BELOW_TOP && mb_next(b) == segment_fence(core->growing);
}

/* A filed free block of at least `size` bytes from `source`; NULL if there is none. */
static struct mem_block *find_locked(struct ma_core *core, size_t size, enum core_source source)
{
    struct mem_block *b = bins_best_fit(core->bins, size);
    if (b != NULL && is_refused(core, b, source)) {
        return NULL;
    }
    return b != NULL || source != CORE_GROWN ? b : core_grow_locked(core, size);
}

/* Bytes to cut off the front of the free block `b` so that what lies `offset` bytes into
 * it is aligned; they can be a block of their own. */
static size_t aligning_lead(const struct mem_block *b, size_t alignment, size_t offset)
{
    char *point = (char *)b + offset;
    size_t lead = (size_t)(bits_align_up(point, alignment) - point);
    return lead != 0 && lead < MB_MIN ? lead + alignment : lead;
}

static __attribute__((noinline)) struct taken
allocate_aligned_locked(struct ma_core *core, const struct core_request *r, size_t size)
{
    struct mem_block *b = bins_best_fit(core->bins, size);
    if (b == NULL || is_refused(core, b, r->source) ||
        aligning_lead(b, r->alignment, r->offset) + size > mb_size(b)) {
        b = find_locked(core, size + r->alignment + MA_ALIGNMENT, r->source);
    }
    if (b == NULL) {
        return (struct taken){NULL, written_none()};
    }
    struct written written = bins_remove(core->bins, b);
    size_t lead = aligning_lead(b, r->alignment, r->offset);
    if (lead != 0) {
        struct mem_block *rest = mb_split(b, lead);
        file_locked(core, b, written);
        b = rest;
    }
    carve_locked(core, b, size, written);
    return (struct taken){b, written};
}

static struct taken allocate_locked(struct ma_core *core, const struct core_request *r, size_t size)
{
    struct mem_block *b = find_locked(core, size, r->source);
    if (r->count != NULL && b != NULL) {
        *r->count = bits_min(*r->count, mb_size(b) / size);
        size *= *r->count;
    }
    return take_locked(core, b, size);
}

struct taken core_take_locked(struct ma_core *core, const struct core_request *r)
{
    MA_ASSERT(lock_held_by_me(&core->lock));
    size_t size = r->block_size != 0 ? r->block_size : mb_size_for(r->size);
    if (core_denies_locked(core, size)) {
        return (struct taken){NULL, written_none()};
    }
    struct taken taken = r->alignment > MA_ALIGNMENT ? allocate_aligned_locked(core, r, size)
                                                     : allocate_locked(core, r, size);
    core_reserve_again_locked(core);
    return taken;
}

/* Pages that nothing has touched yet. */
struct page_run {
    char *start;
    size_t size;
};

/*
 * What to populate once the core is left: of the block and of the top, which follows it, what is blank.
 */
static __attribute__((noinline)) struct page_run run_ahead_locked(struct ma_core *core,
                                                                  const struct taken *taken)
{
    const struct mem_block *b = taken->block;
    size_t step = populate_step(core->heap_bytes / MA_POPULATE_SHARE);
    struct written written = written_within(taken->written, (char *)b, (char *)mb_next(b));
    char *used = written_is_none(written) ? (char *)taken->block : written.end;
    char *start = core->populated > used ? core->populated : used;
    start = bits_align_up(start, MA_POPULATE_MIN);
    char *end = bits_align_down((char *)mb_next(b) + step, MA_POPULATE_MIN);
    end = end < core->growing->end ? end : core->growing->end;
    if ((char *)mb_next(b) <= core->populated || end <= start) {
        return (struct page_run){NULL, 0};
    }
    core->populated = end;
    return (struct page_run){start, (size_t)(end - start)};
}

/* Count a request. What was populated ahead may go to the next large one, which may never touch it. */
static void note_streak_locked(struct ma_core *core, const struct core_request *r)
{
    bool is_small = r->size <= MA_POPULATE_BLOCK_MAX - MB_OVERHEAD;
    core->small_streak = is_small || r->block_size != 0 ? core->small_streak + is_small : 0;
}

/* Whether to populate ahead: the block was taken from the top, is blank in part, and not so large that the program may not
 * touch it all, as those before it; and nothing was left out for its alignment's sake. */
static bool is_to_populate(const struct ma_core *core, const struct core_request *r,
                           const struct taken *taken)
{
    const struct mem_block *next = mb_next(taken->block);
    return (char *)next > taken->written.end && !mb_is_used(next) &&
           mb_next(next) == segment_fence(core->growing) && r->block_size == 0 &&
           r->alignment <= MA_ALIGNMENT && core->small_streak > MA_POPULATE_STREAK;
}

/* What of the first `size` bytes of the payload may be other than zero, but for what the links have left. */
static struct written run_to_clear(const struct taken *taken, size_t size)
{
    char *payload = mb_payload(taken->block);
    return written_within(taken->written, payload, payload + size);
}

static size_t bytes_to_clear(const struct taken *taken, size_t size)
{
    size_t links = TREE_BLOCK_MIN - MB_HEADER;
    size_t run = written_size(run_to_clear(taken, size));
    return run + links < size ? run + links : size;
}

/* Make the first `size` bytes of the payload zero. */
static void clear(const struct taken *taken, size_t size)
{
    char *payload = mb_payload(taken->block);
    struct written run = run_to_clear(taken, size);
    size_t links = TREE_BLOCK_MIN - MB_HEADER;
    memset(payload, 0, links < size ? links : size);
    if (!written_is_none(run)) {
        memset(run.start, 0, written_size(run));
    }
    mb_next(taken->block)->prev_size = 0; /* the payload's last word; splitting wrote there */
}

void *core_serve(struct ma_core *core, const struct core_request *r)
{
    core_enter(core);
    struct taken taken = core_take_locked(core, r);
    struct page_run ahead = {NULL, 0};
    if (taken.block != NULL && r->is_zeroed) {
        core->cleared_bytes += bytes_to_clear(&taken, r->size);
    }
    note_streak_locked(core, r);
    if (taken.block != NULL && is_to_populate(core, r, &taken)) {
        ahead = run_ahead_locked(core, &taken);
    }
    if (taken.block != NULL && r->count != NULL) {
        core_cut_run_locked(core, taken.block, mb_size_for(r->size), *r->count);
    }
    core_leave(core);
    if (taken.block == NULL) {
        return NULL;
    }
    if (r->written != NULL) {
        *r->written = taken.written;
    }
    huge_advise(taken.block, true);
    if (ahead.size != 0) {
        os_populate(ahead.start, ahead.size);
    }
    if (r->is_zeroed) {
        clear(&taken, r->size);
    }
    return mb_payload(taken.block);
}

/*
 * Make the used block `b` free: merge it with its free neighbours, and file what they become, of which I1 to I3 hold again.
 *
 * The headers that come to lie within stay behind, marked free: whoever frees such a payload a second time is told so, until
 * the memory is used again.
 * Relies on I5 (a segment ends in a used fence): the next block's header is readable.
 */
static struct mem_block *coalesce_locked(struct ma_core *core, struct mem_block *b,
                                         struct written written)
{
    size_t size = mb_size(b);
    struct mem_block *next = mb_at(b, size);
    struct mem_block *prev = mb_prev_is_used(b) ? NULL : core_free_prev_locked(b);
    size_t prev_size = prev != NULL ? mb_size(prev) : 0;
    size_t next_size = mb_is_used(next) ? 0 : mb_size(next);
    struct mem_block *whole = prev != NULL ? prev : b;
    size_t whole_size = prev_size + size + next_size;
    if (next_size != 0) {
        /* of two in the tree the lower one's place may be kept, which is taken out last */
        struct written upper = prev_size > MA_BINNED_MAX
                                   ? bins_remove(core->bins, next)
                                   : bins_remove_for(core->bins, next, whole, whole_size);
        written = written_merge(written, upper, next, next_size);
    }
    if (prev != NULL) {
        struct written lower = bins_remove_for(core->bins, prev, whole, whole_size);
        mb_set(b, size, 0);
        written = written_merge(lower, written, b, size + next_size);
    }
    mb_set_free(whole, whole_size);
    file_locked(core, whole, written);
    return whole;
}

void core_make_free_locked(struct ma_core *core, struct mem_block *b, struct written written)
{
    MA_ASSERT(lock_held_by_me(&core->lock));
    size_t freed = mb_size(b);
    huge_advise(b, false);
    b = coalesce_locked(core, b, written);
    if (core->lock.interrupts) {
        return;
    }
    if (mb_is_fence(mb_next(b))) {
        core_tail_freed_locked(core, b);
    }
    core_purge_some_locked(core, freed);
}

void core_release_locked(struct ma_core *core, struct mem_block *b, struct written written)
{
    core_count_live_locked(core, -mb_usable(b));
    core->live_count--;
    core_make_free_locked(core, b, written);
}

/* Release a payload of whatever contents. */
static void release_locked(struct ma_core *core, void *payload)
{
    struct mem_block *b = core_block_of(payload, "free");
    core_release_locked(core, b, written_all(b));
}

static __attribute__((noinline)) void release_deferred_locked(struct ma_core *core)
{
    struct deferred *d = __atomic_exchange_n(&core->deferred, NULL, __ATOMIC_ACQUIRE);
    while (d != NULL) {
        struct deferred *next = d->next;
        release_locked(core, d);
        d = next;
    }
}

void core_leave(struct ma_core *core)
{
    if (__atomic_load_n(&core->deferred, __ATOMIC_RELAXED) != NULL) {
        release_deferred_locked(core);
    }
    decay_settle(&core->bins->dirty); /* blocks that were merged were out of the bins meanwhile */
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

/* Purge a used block that is about to be released, outside of the lock: there may be much to do. */
static __attribute__((noinline)) void free_large(struct ma_core *core, void *payload)
{
    struct written left = core_purge_used(core_block_of(payload, "free"));
    core_enter(core);
    core_release_locked(core, core_block_of(payload, "free"), left);
    core_leave(core);
}

void core_free(struct ma_core *core, void *payload)
{
    core_enter(core);
    struct mem_block *b = core_block_of(payload, "free");
    bool is_large = mb_size(b) >= MA_RETURN_MIN;
    if (__builtin_expect(!is_large, 1)) {
        core_release_locked(core, b, written_all(b));
    }
    core_leave(core);
    if (is_large) {
        free_large(core, payload);
    }
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
        release_locked(core, payload);
        payload = next;
    }
    core_leave(core);
    return payload;
}

size_t core_usable_size(const void *payload, const char *caller)
{
    return mb_usable(core_block_of(payload, caller));
}

/* Of the large top: it is not among what is dirty in the bins, and what was populated ahead is resident. */
static void add_top(const struct ma_core *core, const struct mem_block *top, struct ma_stats *stats)
{
    struct written written = bins_written(top);
    char *blank = written_is_none(written) ? (char *)top : written.end;
    struct written ahead = {blank, core->populated};
    struct written both = written_both(written, ahead);
    stats->dirty_bytes += tree_dirty_bytes(top) != 0 ? 0 : written_size(written_pages(both, top));
    stats->blank_bytes -=
        written_size(written_pages(both, top)) - written_size(written_pages(written, top));
}

void core_add_stats(struct ma_core *core, struct ma_stats *stats)
{
    core_enter(core);
    stats->live_bytes += core->live_bytes;
    stats->live_count += core->live_count;
    stats->peak_live_bytes += core->peak_live_bytes;
    stats->free_bytes += core->bins->bytes;
    stats->free_count += core->bins->block_count;
    stats->largest_free = bits_max(stats->largest_free, bins_largest(core->bins));
    stats->blank_bytes += bins_blank_bytes(core->bins);
    const struct mem_block *tail =
        core->growing != NULL ? core_free_tail_locked(core->growing) : NULL;
    if (tail != NULL && mb_size(tail) > MA_BINNED_MAX) {
        add_top(core, tail, stats);
    }
    stats->top_free_bytes += tail != NULL && !core->lock.interrupts ? mb_size(tail) : 0;
    stats->free_bytes += core->reserve.size;
    stats->free_count += core->reserve.size > 0;
    stats->blank_bytes += core->reserve.size;
    stats->largest_free = bits_max(stats->largest_free, core->reserve.size);
    stats->overhead_bytes += core->heap_bytes - core->live_bytes - core->bins->bytes;
    stats->allocate_count += core->allocate_count;
    stats->dirty_bytes += core->bins->dirty.amount;
    stats->purged_bytes += core->purged_bytes;
    stats->cleared_bytes += core->cleared_bytes;
    stats->release_count += core->allocate_count - core->live_count;
    for (const struct segment *s = core->segments; s != NULL; s = s->next) {
        stats->segment_count++;
    }
    core_leave(core);
}
