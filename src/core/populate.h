/*
 * Populating: a heap that grows takes its pages from the kernel several at a time, before they are touched.
 *
 * A page fault costs more than all else that an allocator does, and the pages of one call come for three quarters of
 * the price. What is populated ahead may never be used: it is bounded by a share of the heap.
 */
#ifndef MA_CORE_POPULATE_H
#define MA_CORE_POPULATE_H

#include <stddef.h>

/* How much to populate ahead, where that may be `limit` bytes: a power of two of pages, or 0. */
size_t populate_step(size_t limit);

#endif
