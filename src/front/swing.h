/*
 * The swing of what a thread has released: how many bytes of blocks it frees before it asks for them again.
 *
 * A thread that works in batches frees many blocks and then asks for as many: a cache that holds them all serves it. One that frees and
 * asks in turn has a small swing, however much it frees. It shows where blocks find no room in the cache, and where the cache has none: what
 * went to the cores in between counts as if it were still there.
 *
 * And what it has regretted: cached blocks go back to the cores before these grow, and a thread that soon asks for the same sizes again had
 * better have kept them.
 */
#ifndef MA_FRONT_SWING_H
#define MA_FRONT_SWING_H

#include "base/bits.h"

#include <stddef.h>

/* Bytes. Zeroed: none yet. */
struct swing {
    size_t given;     /* had no room, and were not asked back yet */
    size_t peak;      /* the most that was given and held, lately */
    size_t regained;  /* the most of a peak that was asked back, lately */
    size_t regretted; /* left the cache for others to be served, and was asked back, lately */
};

/* Parts of what is known that are forgotten with each swing_fade(). */
enum { SWING_FADE_SHARE = 8, SWING_FADE_REGAINED_SHARE = 64 };

/* A block of `size` bytes finds no room in the cache, which holds `held` bytes. */
static inline void swing_give(struct swing *swing, size_t held, size_t size)
{
    swing->given += size;
    swing->peak = bits_max(swing->peak, held + swing->given);
}

/* Blocks of `size` bytes leave the cache for the cores. */
static inline void swing_evict(struct swing *swing, size_t size)
{
    swing->given += size;
}

/* The cores are asked for `size` bytes, as none of the `held` bytes fit. */
static inline void swing_ask(struct swing *swing, size_t held, size_t size)
{
    swing->given -= bits_min(swing->given, size);
    size_t level = held + swing->given;
    if (swing->peak > level) {
        swing->regained = bits_max(swing->regained, swing->peak - level);
    }
}

/* Of what left the cache for others to be served `size` bytes are asked back. */
static inline void swing_regret(struct swing *swing, size_t size)
{
    swing->regretted += size;
}

/* Whether enough was regretted for the cores to grow by `size` bytes instead. It is forgotten then. */
static inline bool swing_spares(struct swing *swing, size_t size)
{
    bool spares = swing->regretted >= size;
    swing->regretted -= spares ? size : 0;
    return spares;
}

/* Some time has passed. */
static inline void swing_fade(struct swing *swing)
{
    swing->given -= swing->given / SWING_FADE_SHARE;
    swing->peak -= swing->peak / SWING_FADE_SHARE;
    swing->regained -= swing->regained / SWING_FADE_REGAINED_SHARE;
    swing->regretted -= swing->regretted / SWING_FADE_SHARE;
}

/* How much the cache should hold: all of the swing, and a little more. */
static inline size_t swing_room(const struct swing *swing)
{
    return swing->regained + swing->regained / 8;
}

#endif
