/*
 * How much of what is kept was not needed for a while.
 *
 * The amount rises when something is released and falls when it is used again. The least that it has been since some
 * moment was not needed since then: it could have been missing all the time.
 */
#ifndef MA_CORE_DECAY_H
#define MA_CORE_DECAY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed: nothing is kept. */
struct decay {
    size_t amount;
    size_t least;   /* since `since` */
    uint64_t since; /* os_milliseconds(); 0: never looked at */
};

static inline void decay_add(struct decay *decay, size_t amount)
{
    decay->amount += amount;
}

/* Some is used, or is only to be added anew: what is told until decay_settle() is not the least. */
static inline void decay_take(struct decay *decay, size_t amount)
{
    decay->amount -= amount;
}

static inline void decay_settle(struct decay *decay)
{
    if (decay->amount < decay->least) {
        decay->least = decay->amount;
    }
}

/* Both. */
static inline void decay_subtract(struct decay *decay, size_t amount)
{
    decay_take(decay, amount);
    decay_settle(decay);
}

/*
 * What is to go now: all that was not needed for options.decay_ms; or, where more than `most` is kept, as much of that as
 * exceeds it and was not needed for MA_PURGE_PAUSE. Otherwise 0. What it says is forgotten: the caller sees to it.
 */
size_t decay_due(struct decay *decay, size_t most);

#endif
