/*
 * The free blocks of one core, filed so that the best fit is found in bounded time.
 *
 * Up to MA_BINNED_MAX there is a bin, a doubly linked list, for each size, and a
 * two-level bitmap of the bins that hold something: the best fit is the next set
 * bit. Larger blocks are in trees. Within a bin, the block freed last is taken
 * first; in a tree, the lowest of a size. Invariant I4.
 *
 * Blank blocks (written.h) have bins of their own: of two that fit as well, the one whose pages
 * are there is taken, and those that a purge may give back are found without a search.
 *
 * The top (grow.c) is listed only while it is large. It shrinks with nearly every block that is taken of it, and would touch the
 * bins of all sizes on its way: pages that many a program has no other use for (docs/adr/0029-what-a-small-program-touches.md).
 */
#ifndef MA_CORE_BINS_H
#define MA_CORE_BINS_H

#include "core/decay.h"
#include "core/mem_block.h"
#include "core/tree.h"
#include "core/written.h"

#define BINS_COUNT ((size_t)(MA_BINNED_MAX / MA_ALIGNMENT))
#define BINS_WORDS ((BINS_COUNT + 63) / 64)

struct bin_set {
    uint64_t summary;         /* a bit for each word of `map` that is not 0 */
    uint64_t map[BINS_WORDS]; /* a bit for each bin that holds a block */
    struct mem_block *first[BINS_COUNT];
};

/* Zeroed memory is an empty set of bins. All fields: core lock. */
struct bins {
    struct bin_set sets[2]; /* blocks that were written to; blank ones */
    struct tree tree;
    struct mem_block *top; /* small, and in no list; NULL: none */
    size_t block_count;
    size_t bytes;
    struct decay dirty; /* bytes that a purge would give back; a large top's are trimmed */
};

/* File a free block of which `written` may be other than zero. `is_top`: it is the core's top. */
void bins_insert_written(struct bins *bins, struct mem_block *b, struct written written,
                         bool is_top);

/* Take a free block out: what of it may be other than zero. Aborts with a report where its links are corrupted. */
struct written bins_remove(struct bins *bins, struct mem_block *b);

/*
 * The same, of a block that what is filed next is a part of, or a part of it: `size` bytes at `to`. That costs less where both
 * are large, and no others lie between them in size. Until it is filed no other call may be made for large blocks. It need
 * not be filed where its size is at most MA_BINNED_MAX.
 */
struct written bins_remove_for(struct bins *bins, struct mem_block *b, const struct mem_block *to,
                               size_t size);

/* What of a filed block may be other than zero. */
MA_RARE struct written bins_written(const struct mem_block *b);

/* The smallest block of at least `size` bytes, which stays filed; NULL if there is none. */
struct mem_block *bins_best_fit(const struct bins *bins, size_t size);

/* A block with whole pages to purge: of the large ones the one that was filed first, or else one of the largest; NULL if
 * there is none. */
MA_RARE struct mem_block *bins_dirty(const struct bins *bins);

/* Bytes of the largest block; 0 if there is none. */
MA_RARE size_t bins_largest(const struct bins *bins);

/* Bytes of whole pages behind the links of the filed blocks that are blank. In time linear in the blank blocks of one page or
 * more and those in the tree. */
MA_RARE size_t bins_blank_bytes(const struct bins *bins);

/* Check lists, bitmaps, tree and counts against each other. */
MA_RARE bool bins_check(const struct bins *bins);

#endif
