/*
 * The heaps of ended threads that keep what they have cached for the next ones. Registry lock, but for resting_limit().
 */
#ifndef MA_FRONT_RESTING_H
#define MA_FRONT_RESTING_H

#include "front/theap.h"

/* Bytes of blocks, and of empty slabs, that a heap may keep whose thread ends. By the way, without a lock. */
size_t resting_limit(void);

/* The heap, which theap_settle() has seen, rests if it has anything cached, and if there are not too many already. */
void resting_push(struct theap *heap);

/* The one that was left last; NULL if there is none. */
struct theap *resting_pop(void);

/* Give the core what all of them have cached. False: there are none. */
MA_RARE bool resting_flush(void);

/* In a forked child: none rests any more; who calls sees to what they have. */
MA_RARE void resting_forget(void);

#endif
