/*
 * The process's heap: its cores, its start, and which core serves a call.
 *
 * The thread-local front sits here: a request that it can serve goes no further.
 * All of these start the library if need be, may be called while the calling thread
 * is inside the allocator already, and leave errno and the meaning of sizes to
 * their caller.
 */
#ifndef MA_API_HEAP_H
#define MA_API_HEAP_H

#include "core/core.h"

/* `size` bytes at most PTRDIFF_MAX; NULL when memory is out. */
void *heap_alloc(size_t size);
void *heap_alloc_zeroed(size_t size);
void *heap_alloc_aligned(size_t alignment, size_t size);

/* As core_free() and core_realloc(), for payloads of any core. */
void heap_free(struct ma_core *core, void *payload);
void *heap_realloc(struct ma_core *core, void *payload, size_t size);

/* The core that an address belongs to; NULL where it is not ours. */
struct ma_core *heap_core_of(const void *address);

/* Whether an address that belongs to no core lies where the heap once was, and nothing
 * is now. */
bool heap_was_given_back(const void *address);

/* Call `visit` for each core after those that this thread is inside, until it gives
 * other than 0; that is the result. */
int heap_each_core(int (*visit)(struct ma_core *core, void *context), void *context);

/* Shut every lock that this thread is not inside to the others, in lock order; and the
 * reverse. Calls nest. */
void heap_lend(void);
void heap_take_back(void);

#endif
