/*
 * Which objects of a slab are live, exactly (check=1).
 *
 * In the default build the mark within a free object tells that it is free, which a write after it was freed may destroy. The map
 * lies apart from the objects: a second free is noticed whatever was written to them. It is set and cleared by whoever
 * allocates and frees, the owner or not.
 */
#ifndef MA_FRONT_LIVE_MAP_H
#define MA_FRONT_LIVE_MAP_H

#include "front/slab.h"
#include "os/alone.h"

/* A map for a new slab, unless the option is off or memory is out; and its end. */
void live_map_open(struct slab *slab);
void live_map_close(struct slab *slab);

/* Whether a used block of the core, of which this is the payload, is a map. */
bool live_map_is(const void *payload);

/* Usable bytes of the block that a map lies in. */
MA_RARE size_t live_map_bytes(const struct slab *slab);

static inline uint64_t *live_map_word(const struct slab *slab, const void *object)
{
    return &slab->live_map[(uintptr_t)object % MA_GRANULE / MA_ALIGNMENT / 64];
}

static inline uint64_t live_map_bit(const void *object)
{
    return UINT64_C(1) << ((uintptr_t)object / MA_ALIGNMENT % 64);
}

/*
 * Change the object's bit: whether it was set. Other threads, or a handler, change other bits of the word at the same time. Where there
 * is no other thread it suffices that no handler comes between reading and writing: one instruction does both, and where the
 * processor has such it need not be atomic. Requires: the slab has a map.
 */
static inline bool live_map_exchange(const struct slab *slab, const void *object, bool is_set)
{
    uint64_t *word = live_map_word(slab, object);
    uint64_t bit = live_map_bit(object);
#if defined(__x86_64__)
    if (os_is_alone()) {
        bool was_set = (__atomic_load_n(word, __ATOMIC_RELAXED) & bit) != 0;
        if (is_set) {
            __asm__("orq %1, %0" : "+m"(*word) : "r"(bit) : "cc");
        } else {
            __asm__("andq %1, %0" : "+m"(*word) : "r"(~bit) : "cc");
        }
        return was_set;
    }
#endif
    uint64_t old = is_set ? __atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL)
                          : __atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
    return (old & bit) != 0;
}

/* Abort with a report: a free list led to the live object. */
__attribute__((noreturn, cold)) void live_map_report(const struct slab *slab, const void *object);

/* The object is handed out. Aborts with a report where it was live already: a free list led to it that was overwritten. */
static inline void live_map_set(const struct slab *slab, const void *object)
{
    if (slab->live_map != NULL && live_map_exchange(slab, object, true)) {
        live_map_report(slab, object);
    }
}

/* A live object that begins at `address`, which lies in the slab, is freed. False: the map, if there is one, has none there. */
static inline bool live_map_take(const struct slab *slab, const void *address)
{
    return slab->live_map != NULL && (uintptr_t)address % MA_ALIGNMENT == 0 &&
           live_map_exchange(slab, address, false);
}

/* The object is freed. Aborts with a report naming `caller` where it was not live. */
void live_map_clear(const struct slab *slab, const void *object, const char *caller);

/* Abort with a report naming `caller` where the object is not live. */
void live_map_require(const struct slab *slab, const void *object, const char *caller);

#endif
