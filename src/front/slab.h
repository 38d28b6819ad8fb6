/*
 * A slab: one granule, cut into objects of one size without headers.
 *
 *   granule -> +----------------------------+  64 KiB-aligned
 *              | header of the core's block |  16 bytes
 *              +----------------------------+
 *              | up to `start`: not used    |  from 64 bytes on, so that objects whose size is a
 *   start   -> +----------------------------+  multiple of 64 keep to their cache lines, or of 128
 *              | object 0                   |
 *              | object 1                   |
 *              :                            :
 *
 * To the core a slab is a used block of one granule. Its state is in the granule's
 * descriptor (core/granule.h). An object that is free is on one of three: the owner's
 * list, the remote list, or behind `carved`, where no object has been used yet.
 *
 * Of a slab with few live objects those pages can be given back in which there is none: they are
 * absent then, and the objects that lie in them, be it in part, are on no list. All others are carved. So that the
 * fast path need not look for absent pages, `carved` is 0 as long as there are any: what is freed in such a slab
 * takes the slow one.
 *
 * Invariants I10, I11.
 */
#ifndef MA_FRONT_SLAB_H
#define MA_FRONT_SLAB_H

#include "core/core.h"
#include "front/classes.h"
#include "front/object.h"
#include "front/owner.h"

enum slab_state {
    SLAB_CURRENT = 1, /* the one that serves its class */
    SLAB_PARTIAL,     /* in its owner's list of those that may serve next */
    SLAB_THIN,        /* so, too, and has so few objects that it may be purged */
    SLAB_SPARSE,      /* in its owner's list of those with absent pages */
    SLAB_EMPTY,       /* in its owner's list of those without used objects */
    SLAB_FULL,   /* in no list but its owner's list of all, until it has gathered free objects */
    SLAB_ORPHAN, /* its owner is gone: in the registry's list */
};

/* What every object is aligned to whose class has a size that is a multiple of it, and so are
 * those of its divisors: two cache lines, which processors fetch together, so that programs ask for that. Bytes. */
#define SLAB_ALIGNMENT ((size_t)128)

/* Objects are put on the free list by so many bytes at a time, so that memory is touched only
 * when it is soon needed. */
#define SLAB_STEP ((size_t)4096)

/* Pages of a slab. */
#define SLAB_PAGE_COUNT (MA_GRANULE / MA_PAGE)

/* A `notify_at` that is never met. */
#define SLAB_NEVER UINT16_MAX

static inline struct slab *slab_number(size_t number)
{
    return &space_map.slabs[number];
}

static inline granule_index slab_index(const struct slab *slab)
{
    return (granule_index)(slab - space_map.slabs);
}

static inline struct granule *slab_granule(const struct slab *slab)
{
    return &space_map.granules[slab_index(slab)];
}

static inline struct remote *slab_remote(const struct slab *slab)
{
    return &space_map.remotes[slab_index(slab)];
}

static inline ptrdiff_t granule_owner_word(const struct granule *granule)
{
    return __atomic_load_n(&granule->owner, __ATOMIC_ACQUIRE);
}

static inline struct theap *slab_owner(const struct slab *slab)
{
    return owner_from_word(granule_owner_word(slab_granule(slab)));
}

/* In one order with what is done to the remote word: see registry_take_note(). */
static inline void slab_set_owner(struct slab *slab, struct theap *owner)
{
    __atomic_store_n(&slab_granule(slab)->owner, owner_word(owner), __ATOMIC_SEQ_CST);
}

/* What would be the slab where an address lies, NULL where it lies outside of the tables. Its owner says whether it is one. */
static inline struct slab *slab_at(const void *address)
{
    size_t number = space_granule_number(address);
    return __builtin_expect(space_has_granule(number), 1) ? slab_number(number) : NULL;
}

/* The slab that an address lies in; NULL where it lies in none. */
static inline struct slab *slab_of(const void *address)
{
    size_t number = space_granule_number(address);
    bool is_slab =
        space_has_granule(number) && granule_owner_word(&space_map.granules[number]) != 0;
    return is_slab ? slab_number(number) : NULL;
}

static inline char *slab_memory(const struct slab *slab)
{
    return (char *)space_map.base + ((size_t)slab_index(slab) << MA_GRANULE_LOG2);
}

static inline size_t slab_start(const struct slab *slab)
{
    return slab_granule(slab)->start;
}

/* Those that are not the owner get it right, too. */
static inline uint16_t slab_used(const struct slab *slab)
{
    uint32_t word = __atomic_load_n(&slab->used_word, __ATOMIC_RELAXED);
    return (uint16_t)(word + (word >> 16));
}

/* A free that makes the count of used objects `notify_at` will have more to do. */
static inline void slab_set_used_and_notify(struct slab *slab, size_t used, size_t notify_at)
{
    struct slab new = {.until_notify = (uint16_t)(used - notify_at),
                       .notify_at = (uint16_t)notify_at};
    __atomic_store_n(&slab->used_word, new.used_word, __ATOMIC_RELAXED);
}

static inline void slab_set_used(struct slab *slab, size_t used)
{
    slab_set_used_and_notify(slab, used, slab->notify_at);
}

static inline void slab_set_notify(struct slab *slab, size_t notify_at)
{
    slab_set_used_and_notify(slab, slab_used(slab), notify_at);
}

/* An object more is used, or less: whether that has more to do. */
static inline bool slab_count_used(struct slab *slab, int change)
{
    uint16_t until = (uint16_t)(slab->until_notify + change);
    __atomic_store_n(&slab->until_notify, until, __ATOMIC_RELAXED);
    return until == 0;
}

static inline size_t slab_capacity(const struct slab *slab)
{
    return (MA_GRANULE - slab_start(slab)) / class_size(slab->size_class);
}

static inline uint16_t slab_absent(const struct slab *slab)
{
    return __atomic_load_n(&slab_granule(slab)->absent, __ATOMIC_ACQUIRE);
}

static inline void slab_set_absent(struct slab *slab, size_t absent)
{
    __atomic_store_n(&slab_granule(slab)->absent, (uint16_t)absent, __ATOMIC_RELEASE);
}

/* Bytes of the slab's objects that have been free at least once: its memory behind them is untouched. */
static inline uint16_t granule_carved_bytes(const struct granule *granule)
{
    return __atomic_load_n(&granule->carved, __ATOMIC_RELAXED);
}

static inline size_t slab_carved_bytes(const struct slab *slab)
{
    return granule_carved_bytes(slab_granule(slab));
}

/* How many objects these are. */
static inline size_t slab_carved(const struct slab *slab)
{
    return slab_carved_bytes(slab) / class_size(slab->size_class);
}

static inline void slab_set_carved(struct slab *slab, size_t count)
{
    size_t bytes = count * class_size(slab->size_class);
    __atomic_store_n(&slab_granule(slab)->carved, (uint16_t)bytes, __ATOMIC_RELEASE);
}

/* Bytes of all slabs but their carved ones. */
size_t slab_fresh_bytes(void);

/* 2^32 / size of a class, rounded up. */
static inline uint32_t slab_reciprocal(size_t size_class)
{
    return UINT32_MAX / (uint32_t)class_size(size_class) + 1;
}

/*
 * Whether an object begins at `address`, which lies in the slab of that granule.
 *
 * For offsets below 2^16 the lower 32 bits of the product with the reciprocal are below the reciprocal exactly where the
 * division has no remainder.
 */
static inline bool granule_has_object(const struct granule *granule, const void *address)
{
    uint32_t reciprocal = granule->reciprocal;
    uint16_t offset = (uint16_t)((uintptr_t)address - granule->start);
    return offset < granule_carved_bytes(granule) && offset * reciprocal < reciprocal;
}

/* The same of one that does not bear `mark`. */
static inline bool granule_has_unmarked(const struct granule *granule, const void *address,
                                        uintptr_t mark)
{
    const struct object *o = address;
    return granule_has_object(granule, address) && o->mark != mark;
}

/* The same of one that does not bear its own. */
static inline bool granule_has_live(const struct granule *granule, const void *address)
{
    return granule_has_object(granule, address) && !object_has_mark(address);
}

/* slab_check_object() of one that is not live at the first look. */
MA_RARE void slab_check_closely(const struct slab *slab, const void *address, const char *caller);

/* Abort with a report naming `caller` unless a live object begins at `address`. */
static inline void slab_check_object(const struct slab *slab, const void *address,
                                     const char *caller)
{
    if (__builtin_expect(!granule_has_live(slab_granule(slab), address), 0)) {
        slab_check_closely(slab, address, caller);
    }
}

/* Hand out the first free object; aborts with a report where it is not as it was left. Requires: there is one; owner thread. */
struct object *slab_pop(struct slab *slab);

/* Put the live object `o`, whose object_mark() is `mark`, on the free list, and forget the mark: whether that has more to do. Owner
 * thread. */
static inline bool slab_push(struct slab *slab, struct object *o, uintptr_t mark)
{
    object_bear(o, mark);
    o->next = slab->free;
    slab->free = o;
    return slab_count_used(slab, -1);
}

/*
 * A new slab of a class; `core` is asked for its memory.
 *
 * @return the slab, without an owner: it is not seen by others until it has one. NULL when
 *         memory is out.
 */
struct slab *slab_create(size_t size_class);

/* Make an empty slab one of another class. Owner thread. */
void slab_reuse(struct slab *slab, size_t size_class);

/* Give a slab's memory back to the core. Requires: no object is used, and nothing is on its
 * remote list; the caller has taken it out of every list. */
void slab_destroy(struct slab *slab);

/* Random per process; set before the first slab is made, constant then. */
extern MA_HIDDEN uint64_t slab_key;

/* Put objects that were never used on the free list, as many as end in the next page, in the order of their addresses from a random
 * one on; pages are populated by `step` bytes, a populate_step(). False: there are none left. Owner thread. */
bool slab_carve(struct slab *slab, size_t step);

/* Give those pages back behind the first that somebody has touched. Requires: it has no objects yet. */
void slab_give_ahead(struct slab *slab);

/* Give those pages back in which no object is live, and none on the remote list. False: there are none. Owner thread. */
MA_RARE bool slab_purge(struct slab *slab);

/* Carve all objects that lie in absent pages. Owner thread. */
void slab_restore(struct slab *slab);

/* Check I10 and I11 of a slab whose owner does not move: 0, or the number of the broken one. */
MA_RARE int slab_check(const struct slab *slab);

/* Visit the slab's objects, used and free, as ma_walk() does; those that were never used as one. */
MA_RARE int slab_walk(const struct slab *slab, int (*visit)(const struct ma_block *, void *),
                      void *context);

#endif
