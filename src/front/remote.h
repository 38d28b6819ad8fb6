/*
 * Frees by threads that do not own the slab. The protocol: docs/remote-free.md.
 *
 * A slab's remote word has the address of the first object of a list, in its upper 16 bits
 * the list's length, and in its lowest bit whether the slab is POSTED: in its owner's inbox,
 * or on the way there. Whoever sets that bit does the posting, so the owner hears of every object
 * that comes onto the list; it takes them from there when it has a use for them.
 */
#ifndef MA_FRONT_REMOTE_H
#define MA_FRONT_REMOTE_H

#include "front/slab.h"

#define REMOTE_POSTED UINT64_C(1)
#define REMOTE_COUNT_SHIFT 48

static inline uint64_t remote_word(const struct slab *slab)
{
    return __atomic_load_n(&slab_remote(slab)->word, __ATOMIC_ACQUIRE);
}

static inline struct object *remote_object(uint64_t word)
{
    return (struct object *)(word & ((UINT64_C(1) << REMOTE_COUNT_SHIFT) - 1) & ~REMOTE_POSTED);
}

static inline struct object *remote_first(const struct slab *slab)
{
    return remote_object(remote_word(slab));
}

static inline size_t remote_count_of(const struct slab *slab)
{
    return (size_t)(remote_word(slab) >> REMOTE_COUNT_SHIFT);
}

/* Put a chain of `count` free objects on the slab's remote list, and see to it that somebody
 * takes them from there. Any thread, no lock needed; the slab's objects are live until then. */
void remote_push(struct slab *slab, struct object *first, struct object *last, size_t count);

/* Take the remote list over to the list `free`. False: there were no objects. Owner thread, or
 * registry lock. */
bool remote_collect(struct slab *slab);

/* The owner has taken the slab out of its inbox: who pushes next posts it again. */
void remote_unpost(struct slab *slab);

/* The slab is to be destroyed: all of its objects are on the remote list or free, and it is in no inbox. */
MA_RARE void remote_forget(struct slab *slab);

/* The first slab of those that were taken out of an inbox; `*first` is the next one then. Requires: *first != 0. */
static inline struct slab *remote_pop_posted(granule_index *first)
{
    struct slab *slab = slab_number(*first);
    *first = __atomic_load_n(&slab_remote(slab)->inbox_next, __ATOMIC_RELAXED);
    return slab;
}

/* Have the owner look at its slab later, as if others had freed there. */
MA_RARE void remote_remind(struct slab *slab);

/* Post a slab that is marked POSTED to whoever owns it. */
void remote_post(struct slab *slab);

#endif
