/*
 * The block cache.
 */
#include "front/medium.h"

#include "base/report.h"
#include "core/cores.h"

/* How many blocks of a bin are looked at. */
enum { LOOK_COUNT = 4 };

/* So many blocks go back to the core at a time: few enough that no call takes long, and more than one, for the
 * lock that is taken for them. */
enum { BATCH_COUNT = 8 };

/* A block may be larger than the request by this share of it. */
enum { MEDIUM_WASTE_SHARE = 8 };

/* The bin of blocks of `size` bytes. */
static size_t bin_of(size_t size)
{
    if (size < MA_SMALL_MAX) {
        return (size - MEDIUM_MIN) / MA_ALIGNMENT;
    }
    size_t top = bits_highest(size);
    size_t doubling = top - bits_highest(MA_SMALL_MAX);
    size_t part = (size >> (top - MEDIUM_BINS_LOG2)) & ((1U << MEDIUM_BINS_LOG2) - 1);
    return MEDIUM_EXACT_BIN_COUNT + (doubling << MEDIUM_BINS_LOG2) + part;
}

static size_t size_of(const struct object *payload)
{
    return mb_size(mb_of_payload(payload));
}

static void count(struct medium *medium, size_t bytes, size_t blocks)
{
    __atomic_store_n(&medium->bytes, medium->bytes + bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&medium->count, medium->count + blocks, __ATOMIC_RELAXED);
}

/* Whether `o`, which may be any address, is a cached block's payload. */
static bool is_cached(const struct object *o)
{
    return (uintptr_t)o % MA_ALIGNMENT == 0 && space_segment_of(o) != NULL &&
           mb_is_sealed(mb_of_payload(o)) && o->mark == object_block_mark(o);
}

static __attribute__((noreturn, cold)) void refuse(const struct object *o)
{
    report_fatal("corrupted free list: the links of the free block at %p (%zu bytes) are wrong; "
                 "memory was probably written to after it was freed",
                 (const void *)o, size_of(o));
}

/* Abort unless the cached payload `o` is as it was left, and its link leads to another. */
static void check_cached(const struct object *o)
{
    if (__builtin_expect(o->mark != object_block_mark(o), 0) ||
        __builtin_expect(o->next != NULL && !is_cached(o->next), 0)) {
        refuse(o);
    }
}

/* The first bin at or after `bin` that holds a block; MEDIUM_BIN_COUNT if there is none. */
static size_t next_filled(const struct medium *medium, size_t bin)
{
    for (size_t word = bin / 64; word < MEDIUM_WORDS; word++) {
        uint64_t here = medium->filled[word];
        here &= word == bin / 64 ? ~UINT64_C(0) << (bin % 64) : ~UINT64_C(0);
        if (here != 0) {
            return word * 64 + bits_lowest(here);
        }
    }
    return MEDIUM_BIN_COUNT;
}

/* The link to the smallest of the first blocks in a bin that have `least` to `most` bytes. */
static struct object **find(struct object **link, size_t least, size_t most)
{
    struct object **best = NULL;
    size_t best_size = most + 1;
    for (int i = 0; i < LOOK_COUNT && *link != NULL && best_size > least;
         i++, link = &(*link)->next) {
        check_cached(*link);
        size_t size = size_of(*link);
        if (size >= least && size < best_size) {
            best = link;
            best_size = size;
        }
    }
    return best;
}

/* Take the payload out that `*link`, in that bin, leads to. */
static struct object *unlink_payload(struct medium *medium, size_t bin, struct object **link)
{
    struct object *payload = *link;
    *link = payload->next;
    payload->mark = 0;
    if (medium->bins[bin] == NULL) {
        medium->filled[bin / 64] &= ~(UINT64_C(1) << (bin % 64));
    }
    count(medium, -size_of(payload), (size_t)-1);
    return payload;
}

/* Where small blocks of `size` bytes are counted. */
static size_t held_index(size_t size)
{
    return class_group(size < MA_SMALL_MAX ? size / MA_ALIGNMENT : CLASS_COUNT - 1);
}

static bool is_counted(size_t size)
{
    return size <= mb_size_for(MA_SMALL_MAX);
}

void medium_note_served(struct medium *medium, size_t size)
{
    if (is_counted(size)) {
        uint8_t *held = &medium->held[held_index(size)];
        *held = (uint8_t)(*held + (*held < UINT8_MAX));
    }
}

void medium_note_released(struct medium *medium, size_t size)
{
    if (is_counted(size)) {
        uint8_t *held = &medium->held[held_index(size)];
        *held = (uint8_t)(*held - (*held > 0));
    }
}

size_t medium_held_count(const struct medium *medium, size_t size)
{
    return medium->held[held_index(mb_size_for(size))];
}

/* The bins that follow hold larger blocks: where the next one has none that fits, none has. */
void *medium_take(struct medium *medium, size_t size)
{
    size_t least = mb_size_for(size);
    size_t most = least + least / MEDIUM_WASTE_SHARE;
    if (!medium_caches(least)) {
        return NULL;
    }
    size_t bin = bin_of(least);
    for (size_t i = next_filled(medium, bin); i < MEDIUM_BIN_COUNT;
         i = next_filled(medium, i + 1)) {
        struct object **link = find(&medium->bins[i], least, most);
        if (link != NULL) {
            return unlink_payload(medium, i, link);
        }
        if (i > bin) {
            break;
        }
    }
    return NULL;
}

struct mem_block *medium_block_of(const void *payload, const char *caller)
{
    struct mem_block *b = core_block_of(payload, caller);
    MA_CHECK(!medium_holds(payload, mb_size(b)),
             "%s(%p): double free: the block of %zu bytes is free already", caller, payload,
             mb_size(b));
    return b;
}

void medium_add(struct medium *medium, struct mem_block *b)
{
    struct object *payload = mb_payload(b);
    size_t bin = bin_of(mb_size(b));
    payload->mark = object_block_mark(payload);
    payload->next = medium->bins[bin];
    medium->bins[bin] = payload;
    medium->filled[bin / 64] |= UINT64_C(1) << (bin % 64);
    count(medium, mb_size(b), 1);
}

/*
 * Give the core the largest blocks: until at most `keep` bytes are left, or, where the cache holds no more than
 * `limit`, so many that the call has taken its time. No block comes back to the core with a mark: it would be there
 * still when the memory is used.
 */
static void give_back(struct medium *medium, size_t keep, size_t limit)
{
    struct object *chain = NULL;
    size_t given = 0;
    for (size_t bin = MEDIUM_BIN_COUNT; bin-- > 0 && medium->bytes > keep;) {
        while (medium->bins[bin] != NULL && medium->bytes > keep &&
               (given < BATCH_COUNT || medium->bytes > limit)) {
            check_cached(medium->bins[bin]);
            struct object *payload = unlink_payload(medium, bin, &medium->bins[bin]);
            medium_note_released(medium, size_of(payload));
            payload->next = chain;
            chain = payload;
            given++;
        }
    }
    cores_free_chain(chain);
}

void medium_bound(struct medium *medium, size_t limit)
{
    if (medium->bytes > limit) {
        give_back(medium, limit / 2, limit);
    }
}

void medium_shed(struct medium *medium)
{
    give_back(medium, 0, SIZE_MAX);
}

void medium_flush(struct medium *medium)
{
    give_back(medium, 0, 0);
}
