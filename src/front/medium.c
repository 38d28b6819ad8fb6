/*
 * The block cache.
 */
#include "front/medium.h"

#include "base/report.h"
#include "core/cores.h"

#include <string.h>

/* So many blocks go back to the core at a time: few enough that no call takes long, and more than one, for the
 * lock that is taken for them. */
enum { BATCH_COUNT = 2 };

/* And no more than so many, where many are to. */
enum { BOUND_COUNT = 32 };

/* What is given back to be merged into something larger is this share of all at least. */
enum { SHED_SHARE = 16 };

/* So many blocks of a bin are looked at for one that is aligned. */
enum { ALIGNED_LOOK_COUNT = 8 };

static void set_room(struct medium *medium, size_t room)
{
    medium->room = room;
    medium->easy_room = room / 2;
    medium->bin_room = medium_bin_share(medium);
}

void medium_init(struct medium *medium)
{
    medium->entries = medium->first_entries;
    medium->next = medium->first_next;
    set_room(medium, MEDIUM_ROOM_FIRST);
}

/* Who finds the cache amid this, in a forked child, finds the same in both places. */
void medium_widen(struct medium *medium, struct medium_places *places, size_t room)
{
    memcpy(places->entries, medium->first_entries, sizeof(medium->first_entries));
    memcpy(places->next, medium->first_next, sizeof(medium->first_next));
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    medium->entries = places->entries;
    medium->next = places->next;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    set_room(medium, room);
}

void medium_report(const struct object *payload, size_t size)
{
    report_fatal("corrupted free list: the links of the free block at %p (%zu bytes) are wrong; "
                 "memory was probably written to after it was freed",
                 (const void *)payload, size);
}

struct object *medium_unmark(struct mem_block *b)
{
    struct object *payload = mb_payload(b);
    if (__builtin_expect(!mb_is_sealed(b) || !medium_holds(payload), 0)) {
        medium_report(payload, mb_size(b));
    }
    payload->mark = 0;
    return payload;
}

/* The first bin at or after `bin` that holds a block; MEDIUM_BIN_COUNT if there is none. */
static size_t next_filled(const struct medium *medium, size_t bin)
{
    return bits_min(bits_next_in(medium->filled, MEDIUM_WORDS, bin), MEDIUM_BIN_COUNT);
}

/* The last bin that holds a block; MEDIUM_BIN_COUNT if there is none. */
static size_t last_filled(const struct medium *medium)
{
    return bits_min(bits_last_in(medium->filled, MEDIUM_WORDS), MEDIUM_BIN_COUNT);
}

/* How many bins hold blocks: MEDIUM_FEW_BINS + 1 for more. */
static size_t count_filled(const struct medium *medium)
{
    size_t count = 0;
    size_t bin = next_filled(medium, 0);
    while (bin < MEDIUM_BIN_COUNT && count <= MEDIUM_FEW_BINS) {
        count++;
        bin = next_filled(medium, bin + 1);
    }
    return count;
}

bool medium_has_room(struct medium *medium, size_t bin)
{
    if (medium_has_place(medium, bin)) {
        return true;
    }
    size_t filled = count_filled(medium);
    medium->bin_room = filled <= MEDIUM_FEW_BINS ? medium->room / filled : medium_bin_share(medium);
    return medium_has_place(medium, bin);
}

/* The bin after `bin` that serves a request of `size` bytes instead; MEDIUM_BIN_COUNT if there is none. */
static size_t next_fitting(const struct medium *medium, size_t bin, size_t size)
{
    bin = next_filled(medium, bin + 1);
    return bin < MEDIUM_BIN_COUNT &&
                   medium_size(medium->entries[medium->bins[bin]]) <= medium_most(size)
               ? bin
               : MEDIUM_BIN_COUNT;
}

void *medium_take_other(struct medium *medium, size_t size)
{
    size_t bin = next_fitting(medium, medium_bin_for(size), size);
    if (bin == MEDIUM_BIN_COUNT) {
        return NULL;
    }
    medium_want(medium, bin);
    return medium_take_slot(medium, bin, &medium->bins[bin]);
}

/* An aligned payload of the bin. */
static void *take_aligned(struct medium *medium, size_t bin, size_t alignment)
{
    medium_slot *link = &medium->bins[bin];
    medium_want(medium, bin);
    for (int i = 0; i < ALIGNED_LOOK_COUNT && *link != 0; i++) {
        if ((uintptr_t)medium_payload(medium->entries[*link]) % alignment == 0) {
            return medium_take_slot(medium, bin, link);
        }
        link = &medium->next[*link];
    }
    return NULL;
}

void *medium_take_aligned(struct medium *medium, size_t alignment, size_t size)
{
    size_t bin = medium_bin_for(size);
    void *payload = take_aligned(medium, bin, alignment);
    if (payload == NULL) {
        bin = next_fitting(medium, bin, size);
        payload = bin < MEDIUM_BIN_COUNT ? take_aligned(medium, bin, alignment) : NULL;
    }
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

void medium_refuse(const void *payload, const char *caller)
{
    report_fatal("%s(%p): double free: the block of %zu bytes is free already", caller, payload,
                 mb_size(mb_of_payload(payload)));
}

void medium_require_absent(const struct medium *medium, const struct mem_block *b,
                           const char *caller)
{
    const struct medium_run *run = &medium->run;
    bool is_held = run->count > 0 && b >= run->start && b < run->end;
    is_held = is_held || parcel_has(&medium->parcel, b);
    if (!is_held && medium_caches(mb_size(b))) {
        medium_slot slot = medium->bins[medium_bin(mb_size(b))];
        while (slot != 0 && medium_payload(medium->entries[slot]) != mb_payload(b)) {
            slot = medium->next[slot];
        }
        is_held = slot != 0;
    }
    if (is_held) {
        medium_refuse(mb_payload(b), caller);
    }
}

bool medium_is_asked(const struct medium *medium)
{
    unsigned all = 0;
    for (size_t bin = 0; bin < MEDIUM_BIN_COUNT; bin++) {
        all |= medium->demand[bin];
    }
    return (all & MEDIUM_WANTED) != 0;
}

/* Take the first block of a bin out, and put it before `chain`. */
static struct object *take_first(struct medium *medium, size_t bin, struct object *chain)
{
    struct object *payload = medium_take_slot(medium, bin, &medium->bins[bin]);
    medium_note_released(medium, mb_size(mb_of_payload(payload)));
    payload->next = chain;
    return payload;
}

/*
 * The more often the core was asked for blocks of a bin, the more at a time: up to what a thread may have cached before it is to give
 * some of that back (MA_CACHE_FLUSH), and to where others would lack room.
 */
size_t medium_wanted_count(struct medium *medium, size_t size, size_t limit)
{
    medium_give_run(medium);
    size_t most_count = medium->easy_room;
    size_t room = medium->count < most_count ? most_count - medium->count : 0;
    size_t most_bytes = bits_min(limit, MA_CACHE_FLUSH);
    size_t bytes = medium->bytes < most_bytes ? most_bytes - medium->bytes : 0;
    size_t most = bits_min(room, bytes / mb_size_for(size));
    uint8_t *demand = &medium->demand[medium_bin_for(size)];
    unsigned asked = *demand & ~(MEDIUM_WANTED | MEDIUM_MISSED_MAX);
    size_t count = bits_min(((size_t)1 << asked) - 1, most);
    *demand = (uint8_t)(*demand + (asked < MEDIUM_ASKED_MAX));
    return count > 1 ? count : 1;
}

void medium_give_waiting(struct medium *medium)
{
    medium_give_run(medium);
    cores_free_chain(parcel_unpack(&medium->parcel, NULL));
}

/*
 * Whether the largest blocks are to leave, of which `taken` have: until at most `keep` bytes are left, or, where the cache holds no
 * more than `limit`, so many that the call has taken its time; and `most` blocks in any case.
 */
static bool is_to_leave(const struct medium *medium, size_t taken, size_t keep, size_t limit,
                        size_t most)
{
    return medium->bytes > keep && taken < most && (taken < BATCH_COUNT || medium->bytes > limit);
}

/* Take these out, and put them before `chain`. No block comes back to the core with a mark: it would be there still when the memory is
 * used. */
static struct object *take_out(struct medium *medium, size_t keep, size_t limit, size_t most,
                               struct object *chain)
{
    for (size_t taken = 0; is_to_leave(medium, taken, keep, limit, most); taken++) {
        chain = take_first(medium, last_filled(medium), chain);
    }
    return chain;
}

/* The same, for the core. */
static void give_back(struct medium *medium, size_t keep, size_t limit, size_t most)
{
    medium_give_waiting(medium);
    cores_free_chain(take_out(medium, keep, limit, most, NULL));
}

struct object *medium_take_all(struct medium *medium, struct object *chain)
{
    return take_out(medium, 0, 0, SIZE_MAX,
                    medium_take_run(medium, parcel_unpack(&medium->parcel, chain)));
}

bool medium_bound(struct medium *medium, size_t limit)
{
    if (medium->bytes > limit) {
        give_back(medium, limit / 2, limit, BOUND_COUNT);
    }
    return medium->bytes <= limit;
}

bool medium_is_among_largest(struct medium *medium, size_t size)
{
    size_t last = last_filled(medium);
    return last == MEDIUM_BIN_COUNT || last <= medium_bin(size);
}

static void note_missed(struct medium *medium, size_t bin)
{
    bool is_most = (medium->demand[bin] & MEDIUM_MISSED_MAX) == MEDIUM_MISSED_MAX;
    medium->demand[bin] = (uint8_t)(medium->demand[bin] + (is_most ? 0 : MEDIUM_MISSED));
}

void medium_shed(struct medium *medium, size_t size)
{
    size = bits_max(size, medium->bytes / SHED_SHARE);
    size_t limit = medium->bytes > size ? medium->bytes - size : 0;
    struct object *chain = NULL;
    medium_give_waiting(medium);
    for (size_t taken = 0; is_to_leave(medium, taken, 0, limit, BOUND_COUNT); taken++) {
        size_t bin = last_filled(medium);
        note_missed(medium, bin);
        chain = take_first(medium, bin, chain);
    }
    cores_free_chain(chain);
}

bool medium_settle_missed(struct medium *medium, size_t bin)
{
    bool was_missed = (medium->demand[bin] & MEDIUM_MISSED_MAX) != 0;
    medium->demand[bin] = (uint8_t)(medium->demand[bin] - (was_missed ? MEDIUM_MISSED : 0));
    return was_missed;
}

void medium_flush(struct medium *medium)
{
    give_back(medium, 0, 0, SIZE_MAX);
}

/* Whether the hand passes the bin of the block that is freed, which stays wanted. Where few bins hold blocks the hand is soon back, and a
 * thread that frees many of a size before it asks for any again has not lost interest: unless it goes on like that. */
static bool pass_own(struct medium *medium)
{
    if (count_filled(medium) > MEDIUM_FEW_BINS || ++medium->pass_count >= medium->room) {
        medium->pass_count = 0;
        return false;
    }
    return true;
}

/* Look at the next bin for one that a block of the bin `own` is to have the place of, or the bytes; which may be wanted itself, where it has
 * many and `takes_many`. */
static bool look(struct medium *medium, size_t own, bool takes_many)
{
    size_t bin = next_filled(medium, medium->hand);
    bin = bin < MEDIUM_BIN_COUNT ? bin : next_filled(medium, 0);
    if (bin == MEDIUM_BIN_COUNT || (bin == own && pass_own(medium))) {
        medium->hand = own + 1;
        return false;
    }
    bool stays = medium_is_wanted(medium, bin);
    size_t share = medium_bin_share(medium);
    bool has_many = medium->counts[bin] > share && medium->counts[own] < share;
    medium->demand[bin] = stays ? (uint8_t)(medium->demand[bin] - MEDIUM_WANTED) : 0;
    medium->hand = bin + stays;
    if (stays && !(has_many && takes_many)) {
        return false;
    }
    cores_free_chain(take_first(medium, bin, NULL));
    return true;
}

/*
 * One bin is looked at in each call. Of those whose size was not asked for since the last look, all blocks go in the end; of those
 * that have many, some, for a bin that has few.
 */
bool medium_make_room(struct medium *medium, size_t size)
{
    size_t own = medium_bin(size);
    return medium_is_wanted(medium, own) && look(medium, own, true);
}

void medium_drop_stale(struct medium *medium, size_t size)
{
    size_t own = medium_bin(size);
    if (medium_is_wanted(medium, own)) {
        look(medium, own, false);
    }
}

/* Put before `chain` what is marked as cached, and is a block. False: it is neither. */
static bool take_if_sound(struct object *o, struct object **chain)
{
    if (!core_may_be_block(mb_of_payload(o)) || !object_has_block_mark(o)) {
        return false;
    }
    o->mark = 0;
    o->next = *chain;
    *chain = o;
    return true;
}

/* Take what a bin's list leads to, up to a slot that holds no cached block, and put it before `chain`. */
static struct object *take_sound(struct medium *medium, size_t bin, struct object *chain)
{
    medium_slot slot = medium->bins[bin];
    while (slot != 0 && slot <= medium->room &&
           take_if_sound(medium_payload(medium->entries[slot]), &chain)) {
        slot = medium->next[slot];
    }
    return chain;
}

/* The same with the parcel. A mark that is right vouches for the link. */
static struct object *take_sound_parcel(const struct parcel *parcel, struct object *chain)
{
    struct object *o = parcel->first;
    while (o != NULL) {
        struct object *next = core_may_be_block(mb_of_payload(o)) ? o->next : NULL;
        o = take_if_sound(o, &chain) ? next : NULL;
    }
    return chain;
}

/* The same with the run. */
static struct object *take_sound_run(const struct medium_run *run, struct object *chain)
{
    struct mem_block *b = run->start;
    while (run->count > 0 && b < run->end && take_if_sound(mb_payload(b), &chain)) {
        b = mb_next(b);
    }
    return chain;
}

/* What was in the owner's hand, or is in no list, stays for good. No block is found twice, as its mark is taken off. */
void medium_salvage(struct medium *medium)
{
    struct object *chain = take_sound_parcel(&medium->parcel, take_sound_run(&medium->run, NULL));
    for (size_t bin = 0; bin < MEDIUM_BIN_COUNT; bin++) {
        chain = take_sound(medium, bin, chain);
    }
    *medium = (struct medium){0};
    medium_init(medium);
    cores_free_chain(chain);
}
