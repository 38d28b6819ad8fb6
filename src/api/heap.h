/*
 * The process's heap: its start, and requests that go to the cores.
 *
 * All of these start the library if need be, may be called while the calling thread
 * is inside the allocator already, and leave errno and the meaning of sizes to
 * their caller.
 */
#ifndef MA_API_HEAP_H
#define MA_API_HEAP_H

#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>

struct ma_core;

/* `size` bytes at most PTRDIFF_MAX; NULL when memory is out. */
void *heap_alloc(size_t size);

/* The same for up to `*count` blocks, one behind the other: the first, and in `*count` how many. */
void *heap_alloc_run(size_t size, size_t *count);

void *heap_alloc_zeroed(size_t size);
void *heap_alloc_aligned(size_t alignment, size_t size);

/* As core_realloc(), for payloads of any core. */
void *heap_realloc(struct ma_core *core, void *payload, size_t size);

/* Give the cores what this thread and others that are idle have cached. True where there was any. */
MA_RARE bool heap_flush_caches(void);

/* Whether an address that belongs to no core lies where the heap once was, and nothing
 * is now. */
bool heap_was_given_back(const void *address);

/* The start, where it has not been; false where memory is out. */
bool heap_start(void);

#endif
