/*
 * Making, carving, checking and walking slabs.
 */
#include "front/slab.h"

#include "base/options.h"
#include "base/report.h"
#include "core/cores.h"
#include "front/live_map.h"
#include "front/remote.h"
#include "os/os.h"

#include <string.h>

uint64_t slab_key;

/* A number below `count`, which nobody can guess who does not know the key. */
static size_t random_number(uintptr_t seed, size_t count)
{
    uint64_t hash = (seed ^ slab_key) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (size_t)((hash >> 32) * count >> 32);
}

/* Slabs of one class do not all begin at the same offset, where the class leaves room: the cache
 * sets that first objects fall into are spread. */
static size_t start_for(granule_index index, size_t object_size)
{
    size_t unit = object_size % SLAB_ALIGNMENT == 0 ? SLAB_ALIGNMENT : MA_CACHE_LINE;
    size_t slack = (MA_GRANULE - unit) % object_size;
    size_t places = slack / unit + 1;
    return unit + random_number(index, places) * unit;
}

/* Bytes of all slabs that no object has taken yet. */
static size_t fresh_bytes; /* atomic */

static void count_fresh(size_t change)
{
    __atomic_fetch_add(&fresh_bytes, change, __ATOMIC_RELAXED);
}

size_t slab_fresh_bytes(void)
{
    return __atomic_load_n(&fresh_bytes, __ATOMIC_RELAXED);
}

static char *object_at(const struct slab *slab, size_t number)
{
    return slab_memory(slab) + slab_start(slab) + number * class_size(slab->size_class);
}

static void set_up(struct slab *slab, size_t size_class)
{
    size_t start = start_for(slab_index(slab), class_size(size_class));
    slab->free = NULL;
    slab_set_used_and_notify(slab, 0, SLAB_NEVER);
    slab->is_torn = false;
    slab->size_class = (uint8_t)size_class;
    struct granule *granule = slab_granule(slab);
    granule->size_class = (uint8_t)size_class;
    granule->start = (uint16_t)start;
    granule->reciprocal = slab_reciprocal(size_class);
    slab_set_carved(slab, 0);
    slab_set_absent(slab, 0);
}

/* Pages of the slab up to `end`. */
static size_t pages_to(const struct slab *slab, const char *end)
{
    return bits_round_up((size_t)(end - slab_memory(slab)), MA_PAGE) / MA_PAGE;
}

void slab_reuse(struct slab *slab, size_t size_class)
{
    size_t carved = pages_to(slab, object_at(slab, slab_carved(slab)));
    slab->touched = (uint8_t)bits_max(slab->touched, carved);
    count_fresh(slab_carved_bytes(slab));
    set_up(slab, size_class);
}

struct slab *slab_create(size_t size_class)
{
    struct written written;
    char *payload = cores_alloc_granule(&written);
    if (payload == NULL) {
        return NULL;
    }
    struct slab *slab = slab_at(payload);
    written = written_within(written, slab_memory(slab), slab_memory(slab) + MA_GRANULE);
    slab->touched = (uint8_t)(written_is_none(written) ? 0 : pages_to(slab, written.end));
    set_up(slab, size_class);
    live_map_open(slab);
    count_fresh(MA_GRANULE);
    return slab;
}

void slab_give_ahead(struct slab *slab)
{
    MA_ASSERT(slab_carved(slab) == 0);
    size_t kept = space_map.page_size; /* the first page has the block's header */
    size_t touched = bits_round_up(slab->touched * MA_PAGE, kept);
    if (touched > kept && os_purge(slab_memory(slab) + kept, touched - kept)) {
        slab->touched = (uint8_t)(kept / MA_PAGE);
    }
}

void slab_destroy(struct slab *slab)
{
    void *payload = slab_memory(slab) + MB_HEADER;
    count_fresh(slab_carved_bytes(slab) - MA_GRANULE);
    slab_set_carved(slab, 0);
    slab_set_owner(slab, NULL);
    live_map_close(slab);
    cores_free(cores_owner_of(payload), payload);
}

/* Once in `step` bytes: populate so many from `page` on, where they do not run out of the slab, and nobody has touched them. */
static void populate(const struct slab *slab, char *page, size_t step)
{
    size_t offset = (size_t)(page - slab_memory(slab));
    if (step != 0 && offset % step == 0 && (offset + step) / MA_PAGE > slab->touched) {
        os_populate(page, step);
    }
}

/*
 * Make `first`, which the old ones follow, the first of the free objects: the last that is done to make them free. A thread that vanishes
 * in a fork before leaves objects that are on no list, as if it had them in hand, but none that is on the list twice when the slab's
 * next owner does the same again.
 */
static void put_on_list(struct slab *slab, struct object *first)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    slab->free = first;
}

bool slab_carve(struct slab *slab, size_t step)
{
    size_t carved = slab_carved(slab);
    if (carved == slab_capacity(slab)) {
        return false;
    }
    size_t size = class_size(slab->size_class);
    char *first = object_at(slab, carved);
    char *end = object_at(slab, slab_capacity(slab));
    char *page_end = bits_align_up(first + size, SLAB_STEP);
    end = end < page_end ? end : page_end;
    size_t count = (size_t)(end - first) / size;
    populate(slab, page_end - SLAB_STEP, step);
    size_t number = random_number((uintptr_t)first, count);
    struct object *next = slab->free;
    for (size_t i = 0; i < count; i++) {
        number = (number > 0 ? number : count) - 1;
        struct object *o = (struct object *)(first + number * size);
        o->next = next;
        object_set_mark(o);
        next = o;
    }
    slab_set_carved(slab, carved + count);
    count_fresh(-(count * size));
    put_on_list(slab, next);
    return true;
}

/* The number of the object that begins at `address`; SIZE_MAX if none does. */
static size_t number_of(const struct slab *slab, const void *address)
{
    size_t offset = (size_t)((const char *)address - slab_memory(slab)) - slab_start(slab);
    size_t size = class_size(slab->size_class);
    size_t end = slab_capacity(slab) * size;
    return offset < end && offset % size == 0 ? offset / size : SIZE_MAX;
}

/* The pages that an object lies in: a bit for each. */
static uint16_t pages_of(const struct slab *slab, size_t number)
{
    size_t offset = slab_start(slab) + number * class_size(slab->size_class);
    unsigned first = (unsigned)(offset / MA_PAGE);
    unsigned last = (unsigned)((offset + class_size(slab->size_class) - 1) / MA_PAGE);
    return (uint16_t)(1U << first | 1U << last); /* no object is larger than a page */
}

/* How many objects there are that may be carved: those in absent pages are not. */
static size_t bound_of(const struct slab *slab, uint16_t absent)
{
    return absent != 0 ? slab_capacity(slab) : slab_carved(slab);
}

static bool is_carved(const struct slab *slab, uint16_t absent, size_t number)
{
    return number < bound_of(slab, absent) && (pages_of(slab, number) & absent) == 0;
}

/*
 * The owner may purge or restore the slab meanwhile. No page of a live object is ever absent; and `carved` is 0 only where some
 * page is, or was a moment ago, and all others are carved.
 */
void slab_check_closely(const struct slab *slab, const void *address, const char *caller)
{
    size_t number = number_of(slab, address);
    MA_CHECK(number != SIZE_MAX,
             "%s(%p): no block begins there: it is inside one of %zu bytes, or between blocks",
             caller, address, class_size(slab->size_class));
    size_t carved = slab_carved(slab);
    MA_CHECK(carved == 0 || number < carved,
             "%s(%p): no block begins there: it was never allocated", caller, address);
    MA_CHECK((pages_of(slab, number) & slab_absent(slab)) == 0,
             "%s(%p): double free: the block of %zu bytes was freed long ago", caller, address,
             class_size(slab->size_class));
    const struct object *o = address;
    MA_CHECK(!object_has_mark(o), "%s(%p): double free: the block of %zu bytes is free already",
             caller, address, class_size(slab->size_class));
}

/* Abort with a report unless `o`, to which a list of the slab leads, is a free object of it. */
static inline void check_free(const struct slab *slab, const struct object *o)
{
    const struct granule *granule = slab_granule(slab);
    uint32_t offset = (uint32_t)((uintptr_t)o % MA_GRANULE) - granule->start;
    bool is_ours = slab_at(o) == slab && offset * granule->reciprocal < granule->reciprocal;
    MA_CHECK(is_ours && object_has_mark(o),
             "corrupted free list: it leads to %p, which is no free block of %zu bytes; memory was "
             "probably written to after it was freed, or past the end of the block before it",
             (const void *)o, class_size(slab->size_class));
}

struct object *slab_pop(struct slab *slab)
{
    struct object *o = slab->free;
    check_free(slab, o);
    slab->free = o->next;
    slab_count_used(slab, 1);
    o->mark = 0;
    live_map_set(slab, o);
    return o;
}

/* A bit for each object of the smallest class. */
struct object_set {
    uint64_t words[MA_GRANULE / MA_ALIGNMENT / 64];
};

/* Add a list's objects to the set. False where the list leads out of the slab's objects, or
 * an object is in the set already. Bounded, also where the list changes meanwhile. */
static MA_RARE bool add_list(const struct slab *slab, const struct object *o,
                             struct object_set *set, size_t *count)
{
    for (; o != NULL; o = __atomic_load_n(&o->next, __ATOMIC_RELAXED)) {
        size_t number = slab_at(o) == slab ? number_of(slab, o) : SIZE_MAX;
        if (number == SIZE_MAX || (set->words[number / 64] >> (number % 64) & 1) != 0) {
            return false;
        }
        set->words[number / 64] |= UINT64_C(1) << (number % 64);
        (*count)++;
    }
    return true;
}

/* ---- Purging ---- */

static bool is_in(const struct object_set *set, size_t number)
{
    return (set->words[number / 64] >> (number % 64) & 1) != 0;
}

static void add(struct object_set *set, size_t number)
{
    set->words[number / 64] |= UINT64_C(1) << (number % 64);
}

/*
 * The set of the objects on the list `free`. Those that bear their mark are on that list, or on their way to it: where
 * there are as many of them as the list has, it need not be walked, from one cache line to another that is far away.
 */
static bool find_free(const struct slab *slab, struct object_set *set)
{
    uint16_t absent = slab_absent(slab);
    size_t carved_count = 0;
    size_t marked_count = 0;
    for (size_t i = 0; i < bound_of(slab, absent); i++) {
        const struct object *o = (const struct object *)object_at(slab, i);
        if (is_carved(slab, absent, i)) {
            carved_count++;
            if (object_has_mark(o)) {
                marked_count++;
                add(set, i);
            }
        }
    }
    if (marked_count + slab_used(slab) == carved_count) {
        return true;
    }
    size_t count = 0;
    *set = (struct object_set){0};
    return add_list(slab, slab->free, set, &count);
}

/* The pages that are given back with others only: where the system's are larger, several of ours to each. */
static uint16_t whole_pages(uint16_t pages)
{
    size_t count = space_map.page_size / MA_PAGE;
    uint16_t whole = 0;
    for (size_t first = 0; first < SLAB_PAGE_COUNT; first += count) {
        uint16_t mask = (uint16_t)(((UINT32_C(1) << count) - 1) << first);
        whole |= (pages & mask) != 0 ? mask : 0;
    }
    return whole;
}

/* The pages in which there are objects that are carved, and not in the set of free ones; and the first, which has the
 * block's header. */
static uint16_t pages_in_use(const struct slab *slab, const struct object_set *free)
{
    uint16_t absent = slab_absent(slab);
    uint16_t in_use = 1;
    for (size_t i = 0; i < bound_of(slab, absent); i++) {
        if (!is_in(free, i) && is_carved(slab, absent, i)) {
            in_use |= pages_of(slab, i);
        }
    }
    return whole_pages(in_use);
}

/* Let the free list be those objects of the set that lie in no absent page. */
static void relink(struct slab *slab, const struct object_set *free, uint16_t absent)
{
    slab->free = NULL;
    for (size_t i = slab_capacity(slab); i-- > 0;) {
        if (is_in(free, i) && (pages_of(slab, i) & absent) == 0) {
            struct object *o = (struct object *)object_at(slab, i);
            o->next = slab->free;
            slab->free = o;
        }
    }
}

/* Give back each run of pages. What the system refuses stays, and is written to anew before it is used. */
static void give_back(const struct slab *slab, uint16_t pages)
{
    for (size_t first = 0; first < SLAB_PAGE_COUNT; first++) {
        size_t count = 0;
        while (first + count < SLAB_PAGE_COUNT && (pages >> (first + count) & 1) != 0) {
            count++;
        }
        if (count > 0) {
            os_purge(slab_memory(slab) + first * MA_PAGE, count * MA_PAGE);
            first += count;
        }
    }
}

bool slab_purge(struct slab *slab)
{
    struct object_set free = {0};
    if (!find_free(slab, &free)) {
        return false;
    }
    uint16_t old = slab_absent(slab);
    uint16_t absent = (uint16_t)~pages_in_use(slab, &free);
    if (absent == old) {
        return false;
    }
    relink(slab, &free, absent);
    count_fresh(slab_carved_bytes(slab));
    slab_set_absent(slab, absent);
    slab_set_carved(slab, 0);
    slab->touched = 0;
    give_back(slab, absent & (uint16_t)~old);
    return true;
}

void slab_restore(struct slab *slab)
{
    uint16_t absent = slab_absent(slab);
    if (absent == 0) {
        return;
    }
    size_t capacity = slab_capacity(slab);
    struct object *next = slab->free;
    for (size_t i = capacity; i-- > 0;) {
        if ((pages_of(slab, i) & absent) != 0) {
            struct object *o = (struct object *)object_at(slab, i);
            o->next = next;
            object_set_mark(o);
            next = o;
        }
    }
    slab_set_carved(slab, capacity);
    slab_set_absent(slab, 0);
    count_fresh(-slab_carved_bytes(slab));
    put_on_list(slab, next);
}

/* ---- Looking at a slab ---- */

static int broken(int invariant, const struct slab *slab, const char *what)
{
    report_line("heap check: invariant I%d is broken at %p: %s", invariant,
                (void *)slab_memory(slab), what);
    return invariant;
}

int slab_check(const struct slab *slab)
{
    struct object_set set = {0};
    size_t free_count = 0;
    size_t remote_count = 0;
    size_t carved_count = 0;
    uint16_t absent = slab_absent(slab);
    uint64_t remote = remote_word(slab); /* what this leads to stays as it is */
    if (!add_list(slab, slab->free, &set, &free_count) ||
        !add_list(slab, remote_object(remote), &set, &remote_count)) {
        return broken(10, slab, "a list of free objects leads astray, or has an object twice");
    }
    for (size_t i = 0; i < slab_capacity(slab); i++) {
        const struct object *o = (const struct object *)object_at(slab, i);
        bool carved = is_carved(slab, absent, i);
        carved_count += carved;
        if (is_in(&set, i) && (!carved || !object_has_mark(o))) {
            return broken(10, slab, "a free object was written to, or is none");
        }
    }
    if ((free_count + slab_used(slab) != carved_count && !slab->is_torn) ||
        remote_count > slab_used(slab) || remote_count != (size_t)(remote >> REMOTE_COUNT_SHIFT)) {
        return broken(11, slab, "the slab's counts are not those of its objects");
    }
    return 0;
}

int slab_walk(const struct slab *slab, int (*visit)(const struct ma_block *, void *), void *context)
{
    struct object_set set = {0};
    size_t count = 0;
    size_t size = class_size(slab->size_class);
    uint16_t absent = slab_absent(slab);
    size_t bound = bound_of(slab, absent);
    add_list(slab, __atomic_load_n(&slab->free, __ATOMIC_RELAXED), &set, &count);
    add_list(slab, remote_first(slab), &set, &count);
    int result = 0;
    for (size_t i = 0; i < bound && result == 0; i++) {
        bool is_free = is_in(&set, i) || !is_carved(slab, absent, i);
        struct ma_block seen = {object_at(slab, i), size, size, !is_free};
        result = visit(&seen, context);
    }
    size_t fresh = (slab_capacity(slab) - bound) * size;
    if (fresh > 0 && result == 0) {
        struct ma_block seen = {object_at(slab, bound), fresh, fresh, 0};
        result = visit(&seen, context);
    }
    return result;
}
