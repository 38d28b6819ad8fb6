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
enum { BATCH_COUNT = 2 };

static size_t size_of(const struct object *payload)
{
    return mb_size(mb_of_payload(payload));
}

static __attribute__((noreturn, cold)) void refuse(const struct object *o)
{
    report_fatal("corrupted free list: the links of the free block at %p (%zu bytes) are wrong; "
                 "memory was probably written to after it was freed",
                 (const void *)o, size_of(o));
}

/* Abort unless the cached payload `o` is as it was left. */
static void check_cached(const struct object *o)
{
    if (__builtin_expect(o->mark != object_block_mark(o), 0)) {
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

/* The last bin that holds a block; MEDIUM_BIN_COUNT if there is none. */
static size_t last_filled(const struct medium *medium)
{
    for (size_t word = MEDIUM_WORDS; word-- > 0;) {
        if (medium->filled[word] != 0) {
            return word * 64 + bits_highest(medium->filled[word]);
        }
    }
    return MEDIUM_BIN_COUNT;
}

/* The best of the first blocks in a bin that have `least` to `most` bytes, and the one before it. */
struct found {
    struct object *payload; /* NULL: there is none */
    struct object *before;  /* NULL: it is the first */
};

static struct found find(const struct medium *medium, size_t bin, size_t least, size_t most)
{
    struct found best = {NULL, NULL};
    size_t best_size = most + 1;
    struct object *before = NULL;
    struct object *o = medium->bins[bin];
    for (int i = 0; i < LOOK_COUNT && o != NULL && best_size > least; i++) {
        check_cached(o);
        size_t size = size_of(o);
        if (size >= least && size < best_size) {
            best = (struct found){o, before};
            best_size = size;
        }
        before = o;
        o = o->next;
    }
    return best;
}

static void *take_found(struct medium *medium, size_t bin, struct found found)
{
    if (found.before == NULL) {
        return medium_pop(medium, bin);
    }
    found.before->next = found.payload->next;
    found.before->mark = object_block_mark(found.before);
    found.payload->mark = 0;
    medium_count(medium, -size_of(found.payload), (size_t)-1);
    return found.payload;
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
void *medium_search(struct medium *medium, size_t bin, size_t least, size_t most)
{
    for (size_t i = next_filled(medium, bin); i < MEDIUM_BIN_COUNT;
         i = next_filled(medium, i + 1)) {
        struct found found = find(medium, i, least, most);
        if (found.payload != NULL) {
            return take_found(medium, i, found);
        }
        if (i > bin) {
            break;
        }
    }
    return NULL;
}

void medium_refuse(const void *payload, const char *caller)
{
    report_fatal("%s(%p): double free: the block of %zu bytes is free already", caller, payload,
                 size_of(payload));
}

/*
 * Give the core the largest blocks: until at most `keep` bytes are left, or, where the cache holds no more than
 * `limit`, so many that the call has taken its time. No block comes back to the core with a mark: it would be there
 * still when the memory is used.
 */
static void give_back(struct medium *medium, size_t keep, size_t limit)
{
    struct object *chain = NULL;
    for (size_t given = 0; medium->bytes > keep && (given < BATCH_COUNT || medium->bytes > limit);
         given++) {
        size_t bin = last_filled(medium);
        if (bin == MEDIUM_BIN_COUNT) {
            break; /* the others were lost: see medium_salvage() */
        }
        check_cached(medium->bins[bin]);
        struct object *payload = medium_pop(medium, bin);
        medium_note_released(medium, size_of(payload));
        payload->next = chain;
        chain = payload;
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

/* Where a list leads to a block that is not as it was left, it ends before that. The map follows. */
static void cut_torn(struct medium *medium, size_t bin)
{
    struct object *before = NULL;
    struct object *o = medium->bins[bin];
    while (o != NULL && o->mark == object_block_mark(o)) {
        before = o;
        o = o->next;
    }
    if (o != NULL && before == NULL) {
        medium->bins[bin] = NULL;
    } else if (o != NULL) {
        before->next = NULL;
        before->mark = object_block_mark(before);
    }
    uint64_t bit = UINT64_C(1) << (bin % 64);
    uint64_t others = medium->filled[bin / 64] & ~bit;
    medium->filled[bin / 64] = others | (medium->bins[bin] != NULL ? bit : 0);
}

void medium_salvage(struct medium *medium)
{
    for (size_t bin = 0; bin < MEDIUM_BIN_COUNT; bin++) {
        cut_torn(medium, bin);
    }
    medium_flush(medium);
}
