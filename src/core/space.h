/*
 * The address range that all cores share: the program break, the mappings that
 * stand in for it, and one descriptor for each granule.
 *
 * The range begins where the break stood at the start. Every segment lies in it,
 * at granule boundaries of its own, so that a granule belongs to one segment at
 * most, and an address is looked up by one compare and one index. Where the break
 * cannot grow (something is in its way, or the system has none for us), segments
 * are mapped elsewhere in the same range: the lookup stays the same. Invariant I7.
 *
 * Lock: the space's own, LOCK_RANK_SPACE, taken within these functions.
 */
#ifndef MA_CORE_SPACE_H
#define MA_CORE_SPACE_H

#include "base/config.h"
#include "core/granule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ma_core;

/*
 * One run of address space that is cut into blocks, its last a fence (I5). The
 * record stands at the segment's start.
 */
struct segment {
    struct ma_core *core; /* constant */
    bool is_mapped;       /* constant; by mmap, not from the break */
    bool
        is_cut; /* space lock; it may end in pages that came from elsewhere: when it grows there will be a seam */
    /* Core lock: */
    struct segment *next; /* in the core's list */
    struct segment *prev;
    char *end; /* one past the fence; atomic, as some look at it from outside */
};

static inline char *segment_end(const struct segment *segment)
{
    return __atomic_load_n(&segment->end, __ATOMIC_RELAXED);
}

/* What is needed to find a descriptor. */
struct space_map {
    /* Constant after start: */
    uintptr_t base;
    struct granule *granules;
    struct slab *slabs;
    struct remote *remotes;
    size_t
        page_size; /* the system's, in which memory is given back; MA_PAGE before the start. Bytes */
    size_t granule_count;  /* atomic; descriptors that exist by now, it only grows */
    uintptr_t highest_end; /* atomic; of all segments there ever were */
    size_t seam_count;     /* atomic; see core/seams.h */
};

extern MA_HIDDEN struct space_map space_map;

/* What the space has taken from the system. Bytes, but for the counts of segments. */
struct space_usage {
    size_t break_bytes;
    size_t mmap_bytes;
    size_t mmap_count;
    size_t peak_mmap_bytes;
    size_t peak_mmap_count;
    size_t peak_bytes; /* the most that break and mmap have been together */
    size_t table_bytes;
};

/* Reserve the descriptor table and note where the break stands. Before any other
 * call here; a second start forgets all that the first led to. False: not even the
 * smallest table could be had. */
bool space_start(void);

/*
 * The process may have so many bytes of address space from now on. What the tables have reserved beyond the share that they
 * would start with is given back; the range shrinks to what they describe still, and does not grow again. Nothing before
 * space_start(), or where the calling thread was interrupted in here.
 */
MA_RARE void space_fit(size_t address_space_limit);

/*
 * Take a new run of `size` bytes, a multiple of MA_GRANULE, zeroed, and enter it in
 * the table as a segment of `core`, its record filled in (but for the list links).
 *
 * @return the segment, or NULL: memory is out, or the calling thread was
 *         interrupted in here.
 */
struct segment *space_new_segment(struct ma_core *core, size_t size);

/* Memory that was set aside: taken from the system, and not touched. */
struct space_run {
    char *start; /* NULL: none */
    size_t size;
    bool is_mapped;
};

/* Set a run of `size` bytes, a multiple of MA_GRANULE, aside for space_use(). None: memory is out. */
struct space_run space_set_aside(size_t size);

/* As space_new_segment(), made of a run that was set aside. Takes no lock: it serves a thread that was interrupted in here,
 * too. */
struct segment *space_use(struct ma_core *core, struct space_run run);

/*
 * Extend a segment in place by `size` bytes, a multiple of MA_GRANULE, zeroed.
 *
 * @return false where its end is not the break, or the break was refused.
 */
bool space_extend(struct segment *segment, size_t size);

/*
 * Give the last `size` bytes of a segment back to the system, a multiple of
 * MA_GRANULE. A mapped segment may be given back whole: its record is then gone.
 *
 * @return false where the break is no longer the segment's end. If another thread moved it just now, these bytes may
 *         have been cleared.
 */
MA_RARE bool space_shrink(struct segment *segment, size_t size);

/* What was taken and is held. */
MA_RARE struct space_usage space_usage(void);

/* As lock_acquire() with lock_lend(), and the reverse; nothing where the calling thread was
 * interrupted in here. Calls nest. */
MA_RARE void space_lend(void);
MA_RARE void space_take_back(void);

/* The first, but false where the lock was not to be had within so long. Requires: the thread is inside no lock. */
MA_RARE bool space_lend_within(unsigned milliseconds);

/* Whether segments ever reached as far up as `address`. Constant time, no lock. */
static inline bool space_has_reached(const void *address)
{
    return (uintptr_t)address >= space_map.base &&
           (uintptr_t)address < __atomic_load_n(&space_map.highest_end, __ATOMIC_RELAXED);
}

/* The number of the granule that `address` lies in, where space_has_granule() says that it has a descriptor. */
static inline size_t space_granule_number(const void *address)
{
    return ((uintptr_t)address - space_map.base) >> MA_GRANULE_LOG2;
}

static inline bool space_has_granule(size_t number)
{
    return number < __atomic_load_n(&space_map.granule_count, __ATOMIC_ACQUIRE);
}

/* The segment that has the granule, or NULL. */
static inline struct segment *granule_segment(const struct granule *granule)
{
    uintptr_t word = __atomic_load_n(&granule->segment_word, __ATOMIC_ACQUIRE);
    return (struct segment *)(word & ~(MA_GRANULE - 1));
}

/* The segment that `address` lies in, or NULL. Constant time, no lock. */
static inline struct segment *space_segment_of(const void *address)
{
    size_t number = space_granule_number(address);
    return space_has_granule(number) ? granule_segment(&space_map.granules[number]) : NULL;
}

#endif
