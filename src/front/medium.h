/*
 * The block cache: blocks of the core that a thread has released and may soon want again,
 * kept in front of the core's lock. To the core they are used. They are those of medium size, and
 * small ones of classes that have earned no slab.
 *
 * Medium sizes are asked of the core in steps, MEDIUM_BINS_LOG2 to each doubling (medium_round()): blocks of nearly the same size
 * are of one, so that the first of a bin serves all requests that fall into it, and none is compared. Where the bin is empty the
 * next larger block serves, if it wastes at most 1/MEDIUM_WASTE_SHARE; else the core is to. The bytes that are held are bounded
 * (theap_keep()).
 *
 * What finds no place goes to other threads (parcels.h), or back to the core: as long as it lies next to what was released
 * before, not at once, but in runs of blocks, each of which becomes free as one. And where many of a size are asked for, they come
 * from the core several at a time.
 *
 * What is cached, and how large it is, is told by tables: to look for a block touches none. A cached block holds a mark, as a
 * slab's free object does, but another: it must not be taken for what an object left behind in the same place.
 */
#ifndef MA_FRONT_MEDIUM_H
#define MA_FRONT_MEDIUM_H

#include "core/core.h"
#include "front/classes.h"
#include "front/object.h"
#include "front/parcels.h"

/* Sizes of cached blocks, headers included: at least so much, and less than this. */
#define MEDIUM_MIN MB_MIN
#define MEDIUM_MAX (MEDIUM_TOP + MB_HEADER + MB_MIN)

/* Requests of fewer bytes than this are looked for: MEDIUM_TOP is the largest step. */
#define MEDIUM_REQUEST_MAX (MEDIUM_TOP + MB_OVERHEAD + 1)
#define MEDIUM_TOP (MA_SMALL_MAX << MEDIUM_DOUBLINGS)

/* A block may be larger than the request by this share of it. */
#define MEDIUM_WASTE_SHARE 4

/* There is a bin for each size of block that small requests ask for; from there on so many to each doubling. The bits of four doublings
 * stand in one word. */
#define MEDIUM_EXACT_MAX (MA_SMALL_MAX + MB_HEADER)
#define MEDIUM_EXACT_BIN_COUNT (MEDIUM_EXACT_MAX / MA_ALIGNMENT - 1)
#define MEDIUM_DOUBLINGS 8
#define MEDIUM_BINS_LOG2 4
#define MEDIUM_BIN_COUNT (MEDIUM_EXACT_BIN_COUNT + (MEDIUM_DOUBLINGS << MEDIUM_BINS_LOG2) + 1)
#define MEDIUM_WORDS ((MEDIUM_BIN_COUNT + 63) / 64)

/* Places for blocks: at first; in a cache that was widened; and in one that was, where each free looks through a bin (check=1 and more).
 * Once half of them are taken, a bin may have its share, that other sizes find room, too; but where no more than a few bins hold any,
 * each may have its part of all. */
#define MEDIUM_ROOM_FIRST 107
#define MEDIUM_ROOM 4095
#define MEDIUM_ROOM_CHECKED 1023
#define MEDIUM_BIN_SHARE 27
#define MEDIUM_WIDE_BIN_SHARE 13
#define MEDIUM_FEW_BINS 4

/* Blocks of a run: so many bytes together, and so many of them, that it never takes long to give them back. */
#define MEDIUM_RUN_BYTES ((size_t)64 << 10)
#define MEDIUM_RUN_COUNT 32

/* A place in the tables; 0: none. */
typedef uint16_t medium_slot;

/* What is known of a cached block, in one word: its payload's address, which has 48 bits at most, and in the lowest 16 bits its
 * size, in units of MA_ALIGNMENT. So little that a thread which never does much has a small heap. */
typedef uint64_t medium_entry;

enum { MEDIUM_UNITS_BITS = 16 };

static inline medium_entry medium_entry_of(const struct object *payload, size_t size)
{
    return (uint64_t)(uintptr_t)payload << MEDIUM_UNITS_BITS | size / MA_ALIGNMENT;
}

static inline struct object *medium_payload(medium_entry entry)
{
    return (struct object *)(uintptr_t)(entry >> MEDIUM_UNITS_BITS);
}

static inline size_t medium_size(medium_entry entry)
{
    return (entry & UINT16_MAX) * MA_ALIGNMENT;
}

/* What is remembered of the demand for a bin: see there. */
#define MEDIUM_WANTED 0x80U
#define MEDIUM_MISSED 0x10U
#define MEDIUM_MISSED_MAX 0x70U
#define MEDIUM_ASKED_MAX 10U

/* Blocks that lie one behind the other, on their way to the core. */
struct medium_run {
    struct mem_block *start;
    struct mem_block *end;
    size_t count; /* 0: none; what was there went its way */
    size_t bytes; /* of these */
};

/* More places than a cache has at first. */
struct medium_places {
    medium_entry entries[MEDIUM_ROOM + 1];
    medium_slot next[MEDIUM_ROOM + 1];
};

struct medium {
    /* Owner thread only (bytes and counts are atomic, as others read them): */
    size_t bytes; /* in the tables */
    size_t count;
    struct medium_run run;
    struct parcel parcel;
    uint64_t filled[MEDIUM_WORDS]; /* a bit for each bin that holds any */
    size_t hand;                   /* the bin that is looked at next for one that is not wanted */
    size_t pass_count; /* times that it passed the bin of the block that was freed, in a row */
    medium_slot unused;
    medium_slot used_count;             /* slots behind this one have never been used */
    medium_slot bins[MEDIUM_BIN_COUNT]; /* the last freed first */
    uint16_t counts[MEDIUM_BIN_COUNT];  /* of the blocks in a bin */
    /* By bin, whether it is MEDIUM_WANTED, as a block was asked for since `hand` passed; how many blocks were shed, in MEDIUM_MISSED, and
     * not asked of the core since, or at most MEDIUM_MISSED_MAX; and how often the core was asked while it was wanted, at most
     * MEDIUM_ASKED_MAX: */
    uint8_t demand[MEDIUM_BIN_COUNT];
    size_t room;           /* places there are */
    size_t easy_room;      /* so many may be taken by blocks of any size */
    size_t bin_room;       /* so many a bin may have when these are; by the last look at all bins */
    medium_entry *entries; /* by slot: what is there */
    medium_slot *next;     /* and the next one in a bin, or in the list `unused` */
    medium_entry first_entries[MEDIUM_ROOM_FIRST + 1];
    medium_slot first_next[MEDIUM_ROOM_FIRST + 1];
    /* By class_group() of the size, small blocks that the core gave, less those that it was given back: */
    uint8_t held[CLASS_COUNT];
};

_Static_assert(MEDIUM_MAX / MA_ALIGNMENT <= UINT16_MAX && MEDIUM_ROOM <= UINT16_MAX,
               "units and slots");
_Static_assert(MEDIUM_EXACT_BIN_COUNT % 64 == 0, "a doubling's bits stand in one word");
_Static_assert(MEDIUM_MAX <= MA_MOVE_MIN, "the pages of a cached block are all there");

/* Make it an empty cache. Requires: it is zeroed. */
void medium_init(struct medium *medium);

/* Move what the cache has to `places`, which are its own from now on, and of which it may use `room`: more than it had, MEDIUM_ROOM at
 * most. Requires: it is not wide. */
MA_RARE void medium_widen(struct medium *medium, struct medium_places *places, size_t room);

static inline bool medium_is_wide(const struct medium *medium)
{
    return medium->room != MEDIUM_ROOM_FIRST;
}

/* Whether blocks of `size` bytes, header included, are cached. */
static inline bool medium_caches(size_t size)
{
    return size >= MEDIUM_MIN && size < MEDIUM_MAX;
}

/* Whether a used block's payload is in some thread's cache. */
static inline bool medium_holds(const void *payload)
{
    const struct object *o = payload;
    return object_has_block_mark(o);
}

/* The same of a block of `size` bytes, of which nothing is known: what cannot be cached is not looked into, as its pages
 * may be the program's to protect, or lost in a move. */
static inline bool medium_holds_block(const void *payload, size_t size)
{
    return medium_caches(size) && medium_holds(payload);
}

/* Abort with a report naming `caller`: the block of `payload` is cached. */
__attribute__((noreturn, cold)) void medium_refuse(const void *payload, const char *caller);

/* The core's used block of `payload`, which lies in `segment`; aborts with a report naming `caller` where there is none, or
 * where it is cached. */
static inline __attribute__((always_inline)) struct mem_block *
medium_block_of(const struct segment *segment, const void *payload, const char *caller)
{
    struct mem_block *b = segment_block_of(segment, payload, caller);
    if (__builtin_expect(medium_holds_block(payload, mb_size(b)), 0)) {
        medium_refuse(payload, caller);
    }
    return b;
}

/*
 * The size of the used block of `payload`, which lies in a granule of a segment: 0 where that is none that may be cached, or has to be
 * looked at closer, as medium_block_of() does. The header behind it is not looked at: theap_looks_behind() says when that is to be.
 *
 * The word before it can be read where no granule begins with `payload`. What bears a seal there is a header.
 */
static inline __attribute__((always_inline)) size_t medium_size_at_once(const void *payload)
{
    const struct mem_block *b = mb_of_payload(payload);
    if ((uintptr_t)payload % MA_ALIGNMENT != 0 || (uintptr_t)payload % MA_GRANULE == 0) {
        return 0;
    }
    size_t head = mb_head(b);
    size_t size = head & MB_SIZE_MAX;
    bool is_sound = mb_head_is_sealed(b, head) && (head & MB_USED) != 0 && medium_caches(size);
    return is_sound && !medium_holds(payload) ? size : 0;
}

/* Abort with a report where this cache holds the used block `b`, whatever was written to it since. Looks through all of its
 * bin. */
MA_RARE void medium_require_absent(const struct medium *medium, const struct mem_block *b,
                                   const char *caller);

/* The core gave a block of `size` bytes. */
void medium_note_served(struct medium *medium, size_t size);

/* A block of `size` bytes goes back to the core, or is made larger than what is counted. */
void medium_note_released(struct medium *medium, size_t size);

/* How many blocks, of about what a request of `size` bytes gets, the core gave and was not given back; 255 for more. */
size_t medium_held_count(const struct medium *medium, size_t size);

/* A block of the bin is asked for. */
static inline void medium_want(struct medium *medium, size_t bin)
{
    medium->demand[bin] |= MEDIUM_WANTED;
}

static inline bool medium_is_wanted(const struct medium *medium, size_t bin)
{
    return (medium->demand[bin] & MEDIUM_WANTED) != 0;
}

/* Whether the thread has asked for blocks lately: one that only frees has no use for a cache. */
bool medium_is_asked(const struct medium *medium);

/* The bin of medium size from `steps` on, the steps being those of sizes whose highest bit is `top`. */
static inline size_t medium_bin_at(size_t top, size_t steps)
{
    return MEDIUM_EXACT_BIN_COUNT + ((top - bits_highest(MA_SMALL_MAX) - 1) << MEDIUM_BINS_LOG2) +
           steps;
}

/* The bin of blocks of `size` bytes. */
static inline size_t medium_bin(size_t size)
{
    if (size < MEDIUM_EXACT_MAX) {
        return size / MA_ALIGNMENT - 1;
    }
    size_t top = bits_highest(size - MB_HEADER);
    return medium_bin_at(top, (size - MB_HEADER) >> (top - MEDIUM_BINS_LOG2));
}

/* The bin all of whose blocks hold a request of `size` bytes. Requires: size < MEDIUM_REQUEST_MAX. */
static inline size_t medium_bin_for(size_t size)
{
    if (size <= MA_SMALL_MAX) {
        return mb_size_for(size) / MA_ALIGNMENT - 1;
    }
    size_t top = bits_highest(size - MB_OVERHEAD);
    size_t step_log2 = top - MEDIUM_BINS_LOG2;
    return medium_bin_at(top, (size - MB_OVERHEAD + ((size_t)1 << step_log2) - 1) >> step_log2);
}

/* What to ask the core for where `size` bytes are requested: so much that the block serves all requests of its bin. */
static inline size_t medium_round(size_t size)
{
    if (size <= MA_SMALL_MAX || size >= MEDIUM_REQUEST_MAX) {
        return size;
    }
    size_t step = (size_t)1 << (bits_highest(size - MB_OVERHEAD) - MEDIUM_BINS_LOG2);
    return bits_round_up(size - MB_OVERHEAD, step) + MB_OVERHEAD;
}

/* All bytes that are held, and in how many blocks. Any thread. */
static inline size_t medium_all_bytes(const struct medium *medium)
{
    return __atomic_load_n(&medium->bytes, __ATOMIC_RELAXED) +
           __atomic_load_n(&medium->run.bytes, __ATOMIC_RELAXED) +
           __atomic_load_n(&medium->parcel.bytes, __ATOMIC_RELAXED);
}

static inline size_t medium_all_count(const struct medium *medium)
{
    return __atomic_load_n(&medium->count, __ATOMIC_RELAXED) +
           __atomic_load_n(&medium->run.count, __ATOMIC_RELAXED) +
           __atomic_load_n(&medium->parcel.count, __ATOMIC_RELAXED);
}

static inline void medium_count(struct medium *medium, size_t bytes, size_t blocks)
{
    __atomic_store_n(&medium->bytes, medium->bytes + bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&medium->count, medium->count + blocks, __ATOMIC_RELAXED);
}

/* The payload of a block that bears the mark of a cached one, which it bears no more. Aborts with a report where it is not as it was
 * left. */
struct object *medium_unmark(struct mem_block *b);

/* Abort with a report: the payload of a cached block of `size` bytes is not as it was left. */
__attribute__((noreturn, cold)) void medium_report(const struct object *payload, size_t size);

/* Take the block out whose slot `*link`, in a list of the bin, names. */
static inline __attribute__((always_inline)) struct object *
medium_take_slot(struct medium *medium, size_t bin, medium_slot *link)
{
    medium_slot slot = *link;
    size_t size = medium_size(medium->entries[slot]);
    struct object *payload = medium_payload(medium->entries[slot]);
    if (__builtin_expect(!object_has_block_mark(payload), 0)) {
        medium_report(payload, size);
    }
    *link = medium->next[slot];
    medium->counts[bin]--;
    medium->filled[bin / 64] &= ~((uint64_t)(medium->counts[bin] == 0) << (bin % 64));
    __atomic_signal_fence(
        __ATOMIC_SEQ_CST); /* the slot is in one list at most: see medium_salvage() */
    medium->next[slot] = medium->unused;
    medium->unused = slot;
    payload->mark = 0;
    medium_count(medium, -size, (size_t)-1);
    return payload;
}

/* The bytes, header included, of the largest block that serves a request of `size` bytes. */
static inline size_t medium_most(size_t size)
{
    return mb_size_for(size) + size / MEDIUM_WASTE_SHARE;
}

/* A payload of at least `size` bytes from the bin that is made for it, or one of the next; NULL where they are empty, and in a few cases
 * where another bin holds one that fits closely. Requires: size < MEDIUM_REQUEST_MAX. */
static inline __attribute__((always_inline)) void *medium_take_first(struct medium *medium,
                                                                     size_t size)
{
    size_t bin = medium_bin_for(size);
    medium_want(medium, bin);
    if (medium->bins[bin] == 0) {
        uint64_t filled = medium->filled[bin / 64] >> (bin % 64);
        if (filled == 0) {
            return NULL;
        }
        bin += bits_lowest(filled);
        if (medium_size(medium->entries[medium->bins[bin]]) > medium_most(size)) {
            return NULL;
        }
        medium_want(medium, bin);
    }
    return medium_take_slot(medium, bin, &medium->bins[bin]);
}

/* The same from another bin; NULL where none holds a block that fits closely. */
void *medium_take_other(struct medium *medium, size_t size);

/* Both: a payload of at least `size` bytes. */
static inline void *medium_take(struct medium *medium, size_t size)
{
    void *payload = medium_take_first(medium, size);
    return payload != NULL ? payload : medium_take_other(medium, size);
}

/* The same with a payload that is aligned, to a power of two above MA_ALIGNMENT. */
void *medium_take_aligned(struct medium *medium, size_t alignment, size_t size);

/* So many places a bin may have where many do. */
static inline size_t medium_bin_share(const struct medium *medium)
{
    return (medium->room + 1) / (medium_is_wide(medium) ? MEDIUM_WIDE_BIN_SHARE : MEDIUM_BIN_SHARE);
}

/* Whether there is a place for a block of this bin, as far as is known without a look at all bins. */
static inline bool medium_has_place(const struct medium *medium, size_t bin)
{
    return medium->count < medium->easy_room ||
           (medium->count < medium->room && medium->counts[bin] < medium->bin_room);
}

/* Whether there is room for a block of this bin. */
bool medium_has_room(struct medium *medium, size_t bin);

/* Give the core a block that is less likely to be wanted again than one of `size` bytes. False: there is none at the first
 * look. Requires: there is no room. */
bool medium_make_room(struct medium *medium, size_t size);

/* The same, of blocks that nobody asks for any more, for the bytes that they have. */
void medium_drop_stale(struct medium *medium, size_t size);

/* Put the used block `b`, of `size` bytes, in the cache, in its bin. Aborts with a report where it is the last that was put there:
 * its mark is gone, so it was written to after it was freed. Requires: medium_caches(size), and there is room. */
static inline __attribute__((always_inline)) void
medium_add(struct medium *medium, struct mem_block *b, size_t size, size_t bin)
{
    MA_ASSERT(medium->count < medium->room && bin == medium_bin(size));
    struct object *payload = mb_payload(b);
    if (__builtin_expect(medium_payload(medium->entries[medium->bins[bin]]) == payload, 0)) {
        medium_refuse(payload, "free");
    }
    medium_slot slot = medium->unused;
    if (slot != 0) {
        medium->unused = medium->next[slot];
    } else {
        slot = ++medium->used_count;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* as above */
    medium->entries[slot] = medium_entry_of(payload, size);
    medium->next[slot] = medium->bins[bin];
    payload->next = NULL;
    object_set_block_mark(payload);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    medium->bins[bin] = slot;
    medium->counts[bin]++;
    medium->filled[bin / 64] |= UINT64_C(1) << (bin % 64);
    medium_count(medium, size, 1);
}

/* Keep the used block `b`, of `size` bytes, until it is known whether its neighbours go back to the core, too, if that is likely;
 * no more than `limit` bytes of them. False: it is to go now. Requires: medium_caches(size). */
bool medium_release(struct medium *medium, struct mem_block *b, size_t size, size_t limit);

/* Give the core what waits to go there, or to another thread: the run and the parcel. */
void medium_give_waiting(struct medium *medium);

/* Give the core the run; or put its blocks before `chain`, for cores_free_chain(). */
void medium_give_run(struct medium *medium);
struct object *medium_take_run(struct medium *medium, struct object *chain);

/* How many blocks to ask the core for, where it is to serve a request of `size` bytes and the cache may hold `limit` bytes: at least
 * 1. What waits to go back to the core does so now. */
size_t medium_wanted_count(struct medium *medium, size_t size, size_t limit);

/* If the cache holds more than `limit` bytes, give the core some: it then holds `limit` at most, and half of that at
 * least if it has many blocks. False: it holds more still, as the call has taken its time. */
bool medium_bound(struct medium *medium, size_t limit);

/* Whether the cache holds no blocks that are clearly larger than `size` bytes. Requires: medium_caches(size). */
bool medium_is_among_largest(struct medium *medium, size_t size);

/* Give the core some of the largest blocks: `size` bytes and more, or so many that the call has taken its time. */
void medium_shed(struct medium *medium, size_t size);

/* The core is to serve a block of the bin: whether one was shed before, for which this is, and which is missed no more. */
bool medium_settle_missed(struct medium *medium, size_t bin);

/* Take all blocks out, and put them before `chain`, for cores_free_chain(). Waits for nobody. */
MA_RARE struct object *medium_take_all(struct medium *medium, struct object *chain);

/* Give the core all blocks. */
MA_RARE void medium_flush(struct medium *medium);

/* The same in a forked child for a cache whose owner vanished, maybe amid an operation on it. What it was about to change stays
 * for good. */
MA_RARE void medium_salvage(struct medium *medium);

#endif
