/*
 * The lists that a thread heap's slabs are in: all of them in that of siblings; those that serve nothing now in one by their
 * state. Owner thread only.
 */
#ifndef MA_FRONT_LISTS_H
#define MA_FRONT_LISTS_H

#include "front/theap.h"

/* A slab with so few live objects probably has pages without any: it has 16. */
enum { THIN_MAX = SLAB_PAGE_COUNT };

/* Whether the slab is in a list of those that may serve next: partial, thin or sparse. */
static inline bool lists_may_serve(const struct slab *slab)
{
    return slab->state == SLAB_PARTIAL || slab->state == SLAB_THIN || slab->state == SLAB_SPARSE;
}

/* Enter a slab among those that may serve next. The next look at it is due when half of its live objects have been freed, be
 * they few, or when few are left. `state`: SLAB_PARTIAL or SLAB_SPARSE. */
void lists_push(struct theap *heap, struct slab *slab, enum slab_state state);

/* Take it out of these. */
void lists_remove(struct theap *heap, struct slab *slab);

void lists_push_sibling(struct theap *heap, struct slab *slab);
void lists_remove_sibling(struct theap *heap, struct slab *slab);

void lists_push_empty(struct theap *heap, struct slab *slab);
void lists_remove_empty(struct theap *heap, struct slab *slab);

/* The core gave a slab for the class; or another class gave it. */
void lists_note_created(struct theap *heap, size_t size_class);

/* A slab of the class is one no more. Those that were adopted have not been counted. */
void lists_forget_created(struct theap *heap, size_t size_class);

/* Take a slab that is not current out of all lists. */
void lists_take_out(struct theap *heap, struct slab *slab);

/* Give an empty slab back to the core. */
void lists_release(struct theap *heap, struct slab *slab);

/* Give the core those empty slabs that have been so for longest, until at most `limit` bytes of
 * them are kept. */
void lists_release_empties(struct theap *heap, size_t limit);

/* Take all empty slabs out of all lists, and put them before those that `chain` leads to by `next`. Waits for nobody. */
MA_RARE granule_index lists_take_empties(struct theap *heap, granule_index chain);

/* Forget all lists and the inbox, which may be torn, where there is no other thread: slabs that serve nothing now may stay for good. */
MA_RARE void lists_lose(struct theap *heap);

/* The same of the list of empty slabs alone. */
MA_RARE void lists_lose_empties(struct theap *heap);

/* Forget the inbox, and hear anew of what others have freed in the heap's slabs: one may have been in no inbox, though it is POSTED; and
 * slabs of other heaps may have been in this one. Where there is no other thread. */
MA_RARE void lists_post_all_anew(struct theap *heap);

#endif
