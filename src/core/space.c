/*
 * The break, its substitutes, and the descriptor table.
 */
#include "core/space.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/options.h"
#include "core/seams.h"
#include "os/lock.h"
#include "os/os.h"

/* So many descriptors at a time are made writable, at least. */
#define TABLE_STEP_MIN ((size_t)1024)

/* Where a mapping is in the way, look further on, at twice the distance each time:
 * after so many turns the distance is the range itself. */
enum { MAP_TRIES = 24 };

/* Others may move the break between our look at it and our move. */
enum { BREAK_TRIES = 4 };

struct space_map space_map = {.page_size = MA_PAGE};

static struct lock lock;

/* Space lock: */
static size_t range; /* bytes from space_map.base that the table can describe */
static size_t
    table_count; /* descriptors that address space is reserved for; neither grows after the start */
static char *map_from; /* where the next mapping is tried first; NULL: where the break stands */
static struct space_usage usage;

static bool in_range(const char *where, size_t size)
{
    size_t offset = (uintptr_t)where - space_map.base;
    return offset < range && size <= range - offset;
}

/* Bytes of address space to describe. */
static size_t range_for(size_t address_space_limit)
{
    size_t most_granules = address_space_limit / MA_TABLE_SHARE / GRANULE_COST;
    size_t granules = MA_RANGE_DEFAULT / MA_GRANULE;
    return (most_granules < granules ? most_granules : granules) * MA_GRANULE;
}

/* So many at a time have whole pages in each table: the others' are multiples of a remote's size. */
static size_t table_step(void)
{
    return bits_max(TABLE_STEP_MIN, space_map.page_size / sizeof(struct remote));
}

/* Address space for the descriptors of so many granules, at most all that `wanted` bytes have: their number, or 0. */
static size_t reserve_tables(size_t wanted)
{
    for (size_t count = wanted / MA_GRANULE; count > 0; count /= 2) {
        size_t rounded = bits_round_up(count, table_step());
        char *tables = os_reserve(rounded * GRANULE_COST);
        if (tables != NULL) {
            space_map.slabs = (struct slab *)tables;
            space_map.granules = (struct granule *)(space_map.slabs + rounded);
            space_map.remotes = (struct remote *)(space_map.granules + rounded);
            table_count = rounded;
            return count;
        }
    }
    return 0;
}

bool space_start(void)
{
    space_map = (struct space_map){.page_size = os_page_size()};
    usage = (struct space_usage){0};
    lock_init(&lock, LOCK_RANK_SPACE, false);
    range = reserve_tables(range_for(os_address_space_limit())) * MA_GRANULE;
    char *start = os_break();
    bool has_break = start != NULL;
    if (!has_break) {
        start = os_free_range(range);
    }
    if (range == 0 || start == NULL) {
        return false;
    }
    start = bits_align_up(start, MA_GRANULE);
    space_map.base = (uintptr_t)start;
    map_from = has_break ? NULL : start;
    return true;
}

/* Make what a table has for the granules from `from` to `to` usable, of `size` bytes each. */
static bool commit(void *table, size_t size, size_t from, size_t to)
{
    return os_commit((char *)table + from * size, (to - from) * size);
}

/* Make the descriptors up to that of the granule that ends at `end` usable. */
static bool commit_table_locked(const char *end)
{
    size_t needed = space_granule_number(end);
    size_t from = space_map.granule_count;
    if (needed <= from) {
        return true;
    }
    size_t to = bits_round_up(needed, table_step());
    if (!commit(space_map.slabs, sizeof(struct slab), from, to) ||
        !commit(space_map.granules, sizeof(struct granule), from, to) ||
        !commit(space_map.remotes, sizeof(struct remote), from, to)) {
        return false;
    }
    usage.table_bytes = to * GRANULE_COST;
    __atomic_store_n(&space_map.granule_count, to, __ATOMIC_RELEASE);
    return true;
}

/* Give the address space back that a table has from the `from`th on of its descriptors, of `size` bytes each. */
static void cut_table(void *table, size_t size, size_t from)
{
    os_unmap((char *)table + from * size, (table_count - from) * size);
}

static void fit_locked(size_t address_space_limit)
{
    size_t wanted = bits_round_up(range_for(address_space_limit) / MA_GRANULE, table_step());
    size_t kept = wanted > space_map.granule_count ? wanted : space_map.granule_count;
    if (kept >= table_count) {
        return;
    }
    cut_table(space_map.slabs, sizeof(struct slab), kept);
    cut_table(space_map.granules, sizeof(struct granule), kept);
    cut_table(space_map.remotes, sizeof(struct remote), kept);
    table_count = kept;
    range = kept * MA_GRANULE < range ? kept * MA_GRANULE : range;
}

void space_fit(size_t address_space_limit)
{
    bool has_started = space_map.slabs != NULL;
    if (!has_started || lock_held_by_me(&lock)) {
        return;
    }
    lock_acquire(&lock);
    fit_locked(address_space_limit);
    lock_release(&lock);
}

/* Where segments have reached up to `end`. */
static void raise_highest_end(const char *end)
{
    uintptr_t highest = __atomic_load_n(&space_map.highest_end, __ATOMIC_RELAXED);
    while ((uintptr_t)end > highest &&
           !__atomic_compare_exchange_n(&space_map.highest_end, &highest, (uintptr_t)end, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Enter `segment` (or NULL) for the granules of [start, end), in which there are no seams then. I7. */
static void set_owner(const char *start, const char *end, struct segment *segment)
{
    size_t first = space_granule_number(start);
    size_t last = space_granule_number(end);
    if (segment != NULL) {
        raise_highest_end(end);
    }
    for (size_t i = first; i < last; i++) {
        seams_forget(&space_map.granules[i]);
        __atomic_store_n(&space_map.granules[i].segment_word, (uintptr_t)segment, __ATOMIC_RELEASE);
    }
}

static void raise_peak(size_t *peak, size_t value)
{
    *peak = value > *peak ? value : *peak;
}

static void count_taken_locked(bool is_mapped, size_t size)
{
    *(is_mapped ? &usage.mmap_bytes : &usage.break_bytes) += size;
    raise_peak(&usage.peak_mmap_bytes, usage.mmap_bytes);
    raise_peak(&usage.peak_bytes, usage.mmap_bytes + usage.break_bytes);
}

static void count_given_locked(bool is_mapped, size_t size)
{
    *(is_mapped ? &usage.mmap_bytes : &usage.break_bytes) -= size;
}

static void tell(const char *what, const struct segment *segment, size_t size)
{
    if (options.verbose != 0) {
        report_line("%s %zu KiB %s: segment %p to %p", what, size >> 10,
                    segment->is_mapped ? "by mmap" : "at the break", (const void *)segment,
                    (void *)segment->end);
    }
}

/*
 * Move the break from `expected` by `size` bytes.
 *
 * @return false where it was refused or stood elsewhere; it is then unchanged.
 */
static bool move_break_locked(const char *expected, size_t size)
{
    char *old = os_break_move((intptr_t)size);
    if (old == expected) {
        return true;
    }
    if (old != NULL) {
        os_break_move(-(intptr_t)size); /* another thread moved it meanwhile */
    }
    return false;
}

/* A run of `size` bytes above the break, wherever others have moved it; or NULL. */
static char *take_break_locked(size_t size)
{
    for (int i = 0; i < BREAK_TRIES; i++) {
        char *now = os_break();
        if (now == NULL) {
            return NULL;
        }
        char *start = bits_align_up(now, MA_GRANULE);
        if (!in_range(start, size) || !commit_table_locked(start + size)) {
            return NULL;
        }
        if (move_break_locked(now, (size_t)(start - now) + size)) {
            return start;
        }
        if (os_break() == now) {
            return NULL; /* refused, not raced */
        }
    }
    return NULL;
}

/* Whether a segment has any of the granules. The system may say that there is room in one: where a move has lost memory. */
static bool has_segment(const char *start, size_t size)
{
    for (size_t offset = 0; offset < size; offset += MA_GRANULE) {
        if (space_segment_of(start + offset) != NULL) {
            return true;
        }
    }
    return false;
}

/* A run of `size` bytes mapped somewhere in the range; or NULL. The first lies as low as
 * can be, so that the table does not grow far ahead of what it describes. */
static char *take_mapping_locked(size_t size)
{
    char *where = map_from != NULL ? map_from : bits_align_up(os_break(), MA_GRANULE);
    for (int i = 0; i < MAP_TRIES && in_range(where, size); i++) {
        if (!commit_table_locked(where + size)) {
            return NULL;
        }
        switch (has_segment(where, size) ? OS_OCCUPIED : os_map_at(where, size)) {
        case OS_MAPPED:
            map_from = where + size;
            return where;
        case OS_OCCUPIED:
            where += MA_GRANULE << i;
            break;
        case OS_REFUSED:
            return NULL;
        }
    }
    return NULL;
}

/* Whether the heap may have so many bytes more. */
static bool is_allowed_locked(size_t size)
{
    size_t has = usage.break_bytes + usage.mmap_bytes;
    return has <= options.limit && size <= options.limit - has;
}

/* What is asked of the system for all memory of the heap. */
static void advise(char *start, size_t size)
{
    if (options.thp == THP_NEVER || options.thp == THP_ALWAYS) {
        os_advise_huge(start, size, options.thp == THP_ALWAYS);
    }
}

static struct space_run take_locked(size_t size)
{
    struct space_run run = {NULL, 0, false};
    if (!is_allowed_locked(size)) {
        return run;
    }
    run.start = take_break_locked(size);
    if (run.start == NULL) {
        run.is_mapped = true;
        run.start = take_mapping_locked(size);
    }
    if (run.start != NULL) {
        run.size = size;
        advise(run.start, size);
        count_taken_locked(run.is_mapped, size);
        usage.mmap_count += run.is_mapped;
        raise_peak(&usage.peak_mmap_count, usage.mmap_count);
    }
    return run;
}

/* The granules of the run are entered in the table by whoever has the run: nobody else looks there. */
struct segment *space_use(struct ma_core *core, struct space_run run)
{
    struct segment *segment = (struct segment *)run.start;
    *segment =
        (struct segment){.core = core, .is_mapped = run.is_mapped, .end = run.start + run.size};
    set_owner(run.start, segment->end, segment);
    return segment;
}

struct space_run space_set_aside(size_t size)
{
    struct space_run run = {NULL, 0, false};
    if (!lock_held_by_me(&lock)) {
        lock_acquire(&lock);
        run = take_locked(size);
        lock_release(&lock);
    }
    return run;
}

struct segment *space_new_segment(struct ma_core *core, size_t size)
{
    if (lock_held_by_me(&lock)) {
        return NULL;
    }
    lock_acquire(&lock);
    struct space_run run = take_locked(size);
    struct segment *segment = NULL;
    if (run.start != NULL) {
        segment = space_use(core, run);
        tell("took", segment, size);
    }
    lock_release(&lock);
    return segment;
}

static void set_end(struct segment *segment, char *end)
{
    __atomic_store_n(&segment->end, end, __ATOMIC_RELAXED);
}

static bool extend_locked(struct segment *segment, size_t size)
{
    char *end = segment->end;
    if (!is_allowed_locked(size) || !in_range(end, size) || !commit_table_locked(end + size)) {
        return false;
    }
    if (segment->is_mapped ? os_map_at(end, size) != OS_MAPPED
                           : os_break() != end || !move_break_locked(end, size)) {
        return false;
    }
    advise(end, size);
    set_end(segment, end + size);
    set_owner(end, segment->end, segment);
    if (segment->is_cut) {
        seams_add(end);
    }
    segment->is_cut = false;
    count_taken_locked(segment->is_mapped, size);
    tell("grew by", segment, size);
    return true;
}

bool space_extend(struct segment *segment, size_t size)
{
    if (lock_held_by_me(&lock)) {
        return false;
    }
    lock_acquire(&lock);
    bool extended = extend_locked(segment, size);
    lock_release(&lock);
    return extended;
}

/*
 * Move the break from `expected` down by `size` bytes.
 *
 * Another thread may have moved it up meanwhile. It is moved back then, but what was below it is cleared; no call of the
 * system does without this. Where it cannot be moved back, the memory is gone.
 *
 * @return false where it was refused or stood elsewhere; it is then where it was.
 */
static bool sink_break_locked(const char *expected, size_t size)
{
    char *old = os_break_move(-(intptr_t)size);
    bool has_lost_race = old != NULL && old != expected;
    return has_lost_race ? os_break_move((intptr_t)size) == NULL : old == expected;
}

static bool shrink_locked(struct segment *segment, size_t size)
{
    char *end = segment->end;
    char *start = end - size;
    bool is_mapped = segment->is_mapped;
    if (!is_mapped && os_break() != end) {
        return false;
    }
    size_t seams = seams_count();
    set_owner(start, end, NULL);
    segment->is_cut |= seams_count() != seams;
    if (is_mapped) {
        set_end(segment, start);
        usage.mmap_count -= start == (char *)segment;
        tell("shrank by", segment, size);
        os_unmap(start, size); /* with the record, where that is the whole segment */
        map_from = start < map_from ? start : map_from;
    } else if (sink_break_locked(end, size)) {
        set_end(segment, start);
        tell("shrank by", segment, size);
    } else {
        set_owner(start, end, segment);
        return false;
    }
    count_given_locked(is_mapped, size);
    return true;
}

bool space_shrink(struct segment *segment, size_t size)
{
    if (lock_held_by_me(&lock)) {
        return false;
    }
    lock_acquire(&lock);
    bool shrunk = shrink_locked(segment, size);
    lock_release(&lock);
    return shrunk;
}

struct space_usage space_usage(void)
{
    if (lock_held_by_me(&lock)) {
        return usage;
    }
    lock_acquire(&lock);
    struct space_usage copy = usage;
    lock_release(&lock);
    return copy;
}

void space_lend(void)
{
    if (lock_held_by_me(&lock)) {
        return;
    }
    if (!lock_lent_to_me(&lock)) {
        lock_acquire(&lock);
    }
    lock_lend(&lock);
}

bool space_lend_within(unsigned milliseconds)
{
    return lock_lend_within(&lock, milliseconds);
}

void space_take_back(void)
{
    if (lock_lent_to_me(&lock) && lock_take_back(&lock)) {
        lock_release(&lock);
    }
}
