/*
 * The process's cores, as one heap.
 *
 * All of these may be called while the calling thread is inside a core already. Requires:
 * cores_start() has returned, or NULL is what a request gets, and nothing what is visited.
 */
#ifndef MA_CORE_CORES_H
#define MA_CORE_CORES_H

#include "core/core.h"

/* Set the cores up. Requires: space_start(). */
void cores_start(void);

/* How many cores there may come to be that serve requests; 1 until this is called. */
void cores_set_limit(size_t limit);

/* Whether the calling thread is inside a core: it was interrupted there. */
bool cores_are_entered(void);

/* As core_serve(), from the core that serves this thread now; NULL when memory is out. */
void *cores_alloc(size_t size);
void *cores_alloc_below_top(size_t size, bool is_zeroed);
void *cores_alloc_zeroed(size_t size);
MA_RARE void *cores_alloc_aligned(size_t alignment, size_t size);
MA_RARE void *cores_alloc_aligned_below_top(size_t alignment, size_t size);

/* Up to `*count` blocks of `size` bytes each, one behind the other: the first, and in `*count` how many. NULL when memory is out. */
void *cores_alloc_run(size_t size, size_t *count);

/* A granule; `*written`, where that is not NULL, is what of it may be other than zero. */
void *cores_alloc_granule(struct written *written);

/* As core_free() and core_realloc(), for payloads of any core. */
void cores_free(struct ma_core *core, void *payload);
void *cores_realloc(struct ma_core *core, void *payload, size_t size);

/* As core_free_run(), for blocks of any core. */
void cores_free_run(struct ma_core *core, void *payload, size_t count);

/* Free a chain of payloads, each of which begins with the address of the next. */
void cores_free_chain(void *payload);

/* Bytes in the segments of the cores that serve most requests; by the way, without a lock. */
size_t cores_heap_bytes(void);

/* Usable bytes of their used blocks, be these live, slabs or cached; likewise. */
size_t cores_live_bytes(void);

/* The core that an address belongs to; NULL where it is not ours. */
struct ma_core *cores_owner_of(const void *address);

/* Call `visit` for each core after those that this thread is inside, until it gives
 * other than 0; that is the result. Who is inside some does without cores that others do not leave soon. */
MA_RARE int cores_each(int (*visit)(struct ma_core *core, void *context), void *context);

/* Shut every lock of cores and space that this thread is not inside to the others, in lock
 * order; and the reverse. Calls nest. */
MA_RARE void cores_lend(void);

/* The first, but false, and nothing is lent, where one of them was not to be had within so long. Requires: the thread is inside
 * no lock. */
MA_RARE bool cores_lend_within(unsigned milliseconds);
MA_RARE void cores_take_back(void);

/* In a forked child, before cores_take_back(): cores that were not had are not used any more, as who is
 * inside is gone. */
MA_RARE void cores_after_fork(void);

#endif
