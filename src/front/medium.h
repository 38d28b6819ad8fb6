/*
 * The block cache: blocks of the core that a thread has released and may soon want again,
 * kept in front of the core's lock. To the core they are used. They are those of medium size, and
 * small ones of classes that have earned no slab.
 *
 * Nothing is rounded up to a class: a block is found by its size, the smallest of those looked
 * at that hold the request and waste at most 1/MEDIUM_WASTE_SHARE of it; else the core is to
 * serve. The bytes that are held are bounded (theap_keep()).
 *
 * A cached block holds a link and a mark, as a slab's free object does, but another mark: it
 * must not be taken for what an object left behind in the same place.
 */
#ifndef MA_FRONT_MEDIUM_H
#define MA_FRONT_MEDIUM_H

#include "core/core.h"
#include "front/classes.h"
#include "front/object.h"

/* Sizes of cached blocks, headers included: at least so much, and less than this. */
#define MEDIUM_MIN MB_MIN
#define MEDIUM_MAX (MA_SMALL_MAX << MEDIUM_DOUBLINGS)

/* There is a bin for each size below MA_SMALL_MAX; from there on so many to each doubling. */
#define MEDIUM_EXACT_BIN_COUNT ((MA_SMALL_MAX - MEDIUM_MIN) / MA_ALIGNMENT)
#define MEDIUM_DOUBLINGS 5
#define MEDIUM_BINS_LOG2 3
#define MEDIUM_BIN_COUNT (MEDIUM_EXACT_BIN_COUNT + (MEDIUM_DOUBLINGS << MEDIUM_BINS_LOG2))
#define MEDIUM_WORDS ((MEDIUM_BIN_COUNT + 63) / 64)

struct medium {
    /* Owner thread only (`bytes` is atomic, as others read it): */
    struct object *bins[MEDIUM_BIN_COUNT]; /* payloads, the last freed first */
    uint64_t filled[MEDIUM_WORDS];         /* a bit for each bin that holds any */
    size_t bytes;
    size_t count;
    /* By class_group() of the size, small blocks that the core gave, less those that it was given back: */
    uint8_t held[CLASS_COUNT];
};

/* Whether blocks of `size` bytes, header included, are cached. */
static inline bool medium_caches(size_t size)
{
    return size >= MEDIUM_MIN && size < MEDIUM_MAX;
}

/* Whether a used block's payload is in some thread's cache. */
static inline bool medium_holds(const void *payload, size_t size)
{
    const struct object *o = payload;
    return medium_caches(size) && o->mark == object_block_mark(o);
}

/* The core's used block of `payload`; aborts with a report naming `caller` where there is none, or
 * where it is cached. */
struct mem_block *medium_block_of(const void *payload, const char *caller);

/* The core gave a block of `size` bytes. */
void medium_note_served(struct medium *medium, size_t size);

/* A block of `size` bytes goes back to the core, or is made larger than what is counted. */
void medium_note_released(struct medium *medium, size_t size);

/* How many blocks, of about what a request of `size` bytes gets, the core gave and was not given back; 255 for more. */
size_t medium_held_count(const struct medium *medium, size_t size);

/* A payload of at least `size` bytes; NULL where none is cached that fits closely. */
void *medium_take(struct medium *medium, size_t size);

/* Put the used block `b` in the cache. Requires: medium_caches(mb_size(b)). */
void medium_add(struct medium *medium, struct mem_block *b);

/* If the cache holds more than `limit` bytes, give the core some: it then holds `limit` at most, and half of that at
 * least if it has many blocks. */
void medium_bound(struct medium *medium, size_t limit);

/* Give the core some of the largest blocks. */
void medium_shed(struct medium *medium);

/* Give the core all blocks. */
void medium_flush(struct medium *medium);

#endif
