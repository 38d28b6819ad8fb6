/*
 * The swing of what a thread has: how many bytes find no room in its cache, go to the cores, and are then asked back.
 *
 * A thread that works in batches frees many blocks and then asks for as many: a cache that holds so much more would have served them
 * all. One that frees and asks in turn gives the cores a block now and then, and has another back: its swing is small, however much
 * it frees.
 */
#ifndef MA_FRONT_SWING_H
#define MA_FRONT_SWING_H

#include "base/bits.h"

#include <stddef.h>

/* Bytes. Zeroed: none yet. */
struct swing {
    size_t given;    /* had no room, and were not asked back yet */
    size_t peak;     /* the most that `given` was, lately */
    size_t regained; /* the most of a peak that was asked back, lately */
};

/* Parts of what is known that are forgotten with each swing_fade(). */
enum { SWING_FADE_SHARE = 8, SWING_FADE_REGAINED_SHARE = 64 };

/* A block of `size` bytes had no room, and goes. */
static inline void swing_give(struct swing *swing, size_t size)
{
    swing->given += size;
    swing->peak = bits_max(swing->peak, swing->given);
}

/* The cores are asked for a block of about `size` bytes. */
static inline void swing_ask(struct swing *swing, size_t size)
{
    swing->given -= bits_min(swing->given, size);
    swing->regained = bits_max(swing->regained, swing->peak - swing->given);
}

/* Some time has passed. */
static inline void swing_fade(struct swing *swing)
{
    swing->given -= swing->given / SWING_FADE_SHARE;
    swing->peak -= swing->peak / SWING_FADE_SHARE;
    swing->regained -= swing->regained / SWING_FADE_REGAINED_SHARE;
}

/* How much more to hold: all of the swing, and half as much for the next one to be larger. */
static inline size_t swing_room(const struct swing *swing)
{
    return swing->regained + swing->regained / 2;
}

#endif
