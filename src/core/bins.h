/*
 * The free blocks of one core, filed so that the best fit is found in bounded time.
 *
 * Up to MA_BINNED_MAX there is a bin, a doubly linked list, for each size, and a
 * two-level bitmap of the bins that hold something: the best fit is the next set
 * bit. Larger blocks are in a tree. Within a bin, the block freed last is taken
 * first; in the tree, the lowest of a size. Invariant I4.
 */
#ifndef MA_CORE_BINS_H
#define MA_CORE_BINS_H

#include "core/mem_block.h"
#include "core/tree.h"

#define BINS_COUNT ((size_t)(MA_BINNED_MAX / MA_ALIGNMENT))
#define BINS_WORDS (BINS_COUNT / 64)

/* Zeroed memory is an empty set of bins. All fields: core lock. */
struct bins {
    uint64_t summary;         /* a bit for each word of `map` that is not 0 */
    uint64_t map[BINS_WORDS]; /* a bit for each bin that holds a block */
    struct mem_block *first[BINS_COUNT];
    struct tree tree;
    size_t block_count;
    size_t bytes;
};

/* File a free block. */
void bins_insert(struct bins *bins, struct mem_block *b);

/* Take a free block out. Aborts with a report where its links are corrupted. */
void bins_remove(struct bins *bins, struct mem_block *b);

/* The smallest block of at least `size` bytes, which stays filed; NULL if there is none. */
struct mem_block *bins_best_fit(const struct bins *bins, size_t size);

/* Bytes of the largest block; 0 if there is none. */
size_t bins_largest(const struct bins *bins);

/* Check lists, bitmaps, tree and counts against each other. */
bool bins_check(const struct bins *bins);

#endif
