/*
 * All thread heaps, and the slabs that have none: orphans.
 *
 * A thread heap's memory is never given back, as a thread that is about to post a slab to it may
 * still hold its address; it serves the next thread that starts. There are as many as there
 * were threads at a time.
 *
 * Lock: the registry's own, LOCK_RANK_REGISTRY, taken within these functions. A signal handler
 * that interrupts one of them, or a core while another thread is in here, gets nothing: NULL, or the
 * work is left to others.
 */
#ifndef MA_FRONT_REGISTRY_H
#define MA_FRONT_REGISTRY_H

#include "front/slab.h"
#include "front/theap.h"

/* A thread heap for the calling thread; NULL when memory is out. */
struct theap *registry_enter(void);

/* The end of `heap`: its slabs become orphans. Of those that are empty, and of its cached blocks, it keeps some for the thread that
 * has it next; the rest goes back to the core. */
void registry_leave(struct theap *heap);

/* An orphan of a class with free objects, made the property of `heap`; NULL if there is none. */
struct slab *registry_adopt(struct theap *heap, size_t size_class);

/* The same of this slab, whether it has free objects or not. False: it is no orphan any more. */
bool registry_adopt_slab(struct theap *heap, struct slab *slab);

/*
 * Some objects were freed of the orphan `slab`, which is POSTED: make it unposted, and if no
 * object is left give its memory back.
 *
 * @return false where it is an orphan no longer.
 */
bool registry_take_note(struct slab *slab);

/* In a forked child: the heaps of all threads but this one's, `mine` (which may be NULL), have ended. There were no others if the thread
 * `was_alone`; where there were, they may have been amid a free without having a heap. */
MA_RARE void registry_after_fork(struct theap *mine, bool was_alone);

/* Bytes of released blocks that a thread may keep, its share of a part of the heap: as a rule; and where the cache of its heap was widened,
 * and it has a use for `wanted` bytes. Beyond its share it is granted some of what all have together for their swings. */
size_t registry_cache_limit(void);
size_t registry_wide_cache_limit(struct theap *heap, size_t wanted);

/* What is known of the swing of the heap's cache is true no longer, as it was emptied. Called by the owner, or while the heap is shut and
 * the owner outside. */
MA_RARE void registry_forget_swing(struct theap *heap);

/* Whether only one thread has a heap, or none. */
bool registry_has_one_heap(void);

/* Memory for a heap's wider cache, which it keeps; NULL where there is none to be had now. Called by the heap's owner. */
MA_RARE struct medium_places *registry_places(struct theap *heap);

/* The same of empty slabs. */
size_t registry_empty_limit(void);

/* Call `visit` for each thread heap that serves a thread, or has something cached for the next. */
MA_RARE void registry_each(void (*visit)(struct theap *heap, void *context), void *context);

/* Keep the heaps and the orphans as they are while the caller looks at them: what a signal handler frees there meanwhile is seen to
 * afterwards. False: the caller must do without, and does not let go. */
bool registry_hold(void);
void registry_let_go(void);

/* All heaps there are, by `next`. Requires: they are held. */
struct theap *registry_heaps(void);

/* As cores_lend() and cores_take_back(), for the registry's lock. */
MA_RARE void registry_lend(void);

/* The same, but false where the lock was not to be had within so long. Requires: the thread is inside no lock. */
MA_RARE bool registry_lend_within(unsigned milliseconds);
MA_RARE void registry_take_back(void);

#endif
