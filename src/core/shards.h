/*
 * Shards: independent cores for threads that would wait for one another in one.
 *
 * A shard is a core that serves requests, and those that serve what interrupts it (core/cores.h). The
 * process begins with one. When its core is seen to be crowded a further one is opened,
 * up to a bound, and the thread that saw it moves there; where the bound is reached it moves on to
 * the next. A shard is never closed. A payload goes back to the core that it came from.
 */
#ifndef MA_CORE_SHARDS_H
#define MA_CORE_SHARDS_H

#include "core/core.h"

struct shard {
    struct ma_core cores[MA_CORE_COUNT];
    struct bins bins[MA_CORE_COUNT]; /* apart, so that all cores are set up within a page */
};

/* Open the first shard. Requires: space_start(). */
void shards_start(void);

/* How many shards there may be; 1 until this is called. */
void shards_set_limit(size_t limit);

/* What there is of them; it only grows. */
struct shards {
    size_t count;                       /* atomic */
    struct shard *number[MA_SHARD_MAX]; /* each is constant once `count` includes it */
};

extern MA_HIDDEN struct shards shards;

/* The open shards are those below this number. 0 before the start. */
static inline size_t shards_count(void)
{
    return __atomic_load_n(&shards.count, __ATOMIC_ACQUIRE);
}

/* Requires: number < shards_count(). */
static inline struct shard *shard_number(size_t number)
{
    return shards.number[number];
}

/* The shard that serves the calling thread. Requires: the start; the thread is inside no core. */
struct shard *shard_home(void);

/* The one after `shard`, in a circle. */
struct shard *shard_after(const struct shard *shard);

/* In a forked child: the thread that is inside the shard is gone, so nobody enters it again. */
MA_RARE void shard_abandon(struct shard *shard);

#endif
