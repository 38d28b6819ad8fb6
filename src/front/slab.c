/*
 * Making, carving, checking and walking slabs.
 */
#include "front/slab.h"

#include "base/report.h"
#include "core/cores.h"
#include "front/remote.h"
#include "os/os.h"

#include <string.h>

/* Slabs of one class do not all begin at the same offset, where the class leaves room: the cache
 * sets that first objects fall into are spread. */
static size_t start_for(granule_index index, size_t object_size)
{
    size_t slack = (MA_GRANULE - SLAB_ALIGNMENT) % object_size;
    size_t places = slack / SLAB_ALIGNMENT + 1;
    return SLAB_ALIGNMENT + index % places * SLAB_ALIGNMENT;
}

#define RECIPROCAL(n) (UINT32_C(0x10000000) / (n) + (UINT32_C(0x10000000) % (n) != 0))
#define FOUR(n) RECIPROCAL(n), RECIPROCAL((n) + 1), RECIPROCAL((n) + 2), RECIPROCAL((n) + 3)
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)

/* 2^32 / (16 * n). No object has class 0. */
const uint32_t slab_reciprocals[CLASS_COUNT] = {0, SIXTEEN(1), SIXTEEN(17), SIXTEEN(33),
                                                SIXTEEN(49)};

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

size_t slab_carved_bytes(const struct slab *slab)
{
    return slab_carved(slab) * class_size(slab->size_class);
}

static char *object_at(const struct slab *slab, size_t number)
{
    return slab_memory(slab) + slab->start + number * class_size(slab->size_class);
}

static void set_up(struct slab *slab, size_t size_class)
{
    size_t start = start_for(slab_index(slab), class_size(size_class));
    slab->free = NULL;
    slab_set_used(slab, 0);
    slab->notify_at = SLAB_NEVER;
    slab->is_torn = false;
    __atomic_store_n(&slab->carved, 0, __ATOMIC_RELAXED);
    slab->capacity = (uint16_t)((MA_GRANULE - start) / class_size(size_class));
    slab->size_class = (uint8_t)size_class;
    slab->start = (uint16_t)start;
}

void slab_reuse(struct slab *slab, size_t size_class)
{
    count_fresh(slab_carved_bytes(slab));
    set_up(slab, size_class);
}

struct slab *slab_create(size_t size_class)
{
    char *payload = cores_alloc_granule();
    if (payload == NULL) {
        return NULL;
    }
    struct slab *slab = slab_at(payload);
    set_up(slab, size_class);
    count_fresh(MA_GRANULE);
    __atomic_store_n(&slab->remote, 0, __ATOMIC_RELAXED);
    return slab;
}

void slab_destroy(struct slab *slab)
{
    void *payload = slab_memory(slab) + MB_HEADER;
    count_fresh(slab_carved_bytes(slab) - MA_GRANULE);
    __atomic_store_n(&slab->owner, NULL, __ATOMIC_RELEASE);
    cores_free(cores_owner_of(payload), payload);
}

bool slab_carve(struct slab *slab)
{
    if (slab->carved == slab->capacity) {
        return false;
    }
    size_t size = class_size(slab->size_class);
    char *first = object_at(slab, slab->carved);
    char *end = object_at(slab, slab->capacity);
    char *page_end = bits_align_up(first + size, SLAB_STEP);
    end = end < page_end ? end : page_end;
    size_t count = (size_t)(end - first) / size;
    __atomic_store_n(&slab->carved, (uint16_t)(slab->carved + count), __ATOMIC_RELAXED);
    count_fresh(-(count * size));
    struct object *next = slab->free;
    for (size_t i = count; i-- > 0;) {
        struct object *o = (struct object *)(first + i * size);
        o->next = next;
        o->mark = object_mark(o);
        next = o;
    }
    slab->free = next;
    return true;
}

/* The number of the object that begins at `address`; SIZE_MAX if none does. */
static size_t number_of(const struct slab *slab, const void *address)
{
    size_t offset = (size_t)((const char *)address - slab_memory(slab)) - slab->start;
    size_t size = class_size(slab->size_class);
    size_t end = slab->capacity * size;
    return offset < end && offset % size == 0 ? offset / size : SIZE_MAX;
}

void slab_refuse(const struct slab *slab, const void *address, const char *caller)
{
    MA_CHECK(number_of(slab, address) != SIZE_MAX,
             "%s(%p): no block begins there: it is inside one of %zu bytes, or between blocks",
             caller, address, class_size(slab->size_class));
    const struct object *o = address;
    MA_CHECK(number_of(slab, address) < slab_carved(slab),
             "%s(%p): no block begins there: it was never allocated", caller, address);
    MA_CHECK(o->mark != object_mark(o),
             "%s(%p): double free: the block of %zu bytes is free already", caller, address,
             class_size(slab->size_class));
}

/* A bit for each object of the smallest class. */
struct object_set {
    uint64_t words[MA_GRANULE / MA_ALIGNMENT / 64];
};

/* Add a list's objects to the set. False where the list leads out of the slab's objects, or
 * an object is in the set already. Bounded, also where the list changes meanwhile. */
static bool add_list(const struct slab *slab, const struct object *o, struct object_set *set,
                     size_t *count)
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
    uint64_t remote = remote_word(slab); /* what this leads to stays as it is */
    if (!add_list(slab, slab->free, &set, &free_count) ||
        !add_list(slab, remote_object(remote), &set, &remote_count)) {
        return broken(10, slab, "a list of free objects leads astray, or has an object twice");
    }
    for (size_t i = 0; i < slab->carved; i++) {
        const struct object *o = (const struct object *)object_at(slab, i);
        bool is_free = (set.words[i / 64] >> (i % 64) & 1) != 0;
        if (is_free && o->mark != object_mark(o)) {
            return broken(10, slab, "a free object was written to");
        }
    }
    if ((free_count + slab_used(slab) != slab->carved && !slab->is_torn) ||
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
    size_t carved = slab_carved(slab);
    add_list(slab, __atomic_load_n(&slab->free, __ATOMIC_RELAXED), &set, &count);
    add_list(slab, remote_first(slab), &set, &count);
    int result = 0;
    for (size_t i = 0; i < carved && result == 0; i++) {
        bool is_free = (set.words[i / 64] >> (i % 64) & 1) != 0;
        struct ma_block seen = {object_at(slab, i), size, size, !is_free};
        result = visit(&seen, context);
    }
    size_t fresh = (slab->capacity - carved) * size;
    if (fresh > 0 && result == 0) {
        struct ma_block seen = {object_at(slab, carved), fresh, fresh, 0};
        result = visit(&seen, context);
    }
    return result;
}
