/*
 * The index of large free blocks: AVL trees ordered by size, then address, one for each eighth of a doubling, and a bitmap of those
 * that hold something. A program has few blocks in most of them, so that the ways down are short.
 *
 * The smallest block that fits, the lowest of its size, is found in O(log n)
 * whatever the program does; so are insertion and removal. The nodes lie in the
 * free blocks themselves. Invariant I4.
 */
#ifndef MA_CORE_TREE_H
#define MA_CORE_TREE_H

#include "core/written.h"

struct tree_node;

/* Where a node stands. */
struct tree_place {
    struct tree_node *child[2];
    struct tree_node *parent;
    uint32_t below[2]; /* the heights of the subtrees */
};

/* Steps of size to each doubling from MA_BINNED_MAX on; what is smaller is in the first tree. */
#define TREE_STEPS_LOG2 3
#define TREE_STEP_COUNT ((MB_SEAL_SHIFT - MA_BINNED_MAX_LOG2) << TREE_STEPS_LOG2)
#define TREE_WORDS ((TREE_STEP_COUNT + 63) / 64)

struct tree {
    struct tree_node *roots[TREE_STEP_COUNT];
    uint64_t filled[TREE_WORDS]; /* a bit for each root that is not NULL */
    /* What tree_remove_for() keeps: */
    const struct mem_block *heir; /* for this block; NULL: nothing is kept */
    struct tree_place kept;
    struct tree_node **kept_link; /* the pointer in which the tree holds it */
    /* The nodes that are to be purged: */
    struct mem_block *oldest_dirty;
    struct mem_block *newest_dirty;
};

/* `dirty`: bytes that a purge of the block would give back; where there are any, it is entered in the list of those to be purged,
 * too. */
void tree_insert(struct tree *tree, struct mem_block *b, struct written written, size_t dirty);
void tree_remove(struct tree *tree, struct mem_block *b);

/*
 * As tree_remove(), of a block that what is inserted next is a part of, or a part of it: `size` bytes at `to`. Where
 * that belongs in the same place among the others, the place is kept for it, and the tree need not be searched or balanced.
 * Until it is inserted no other call may be made.
 */
void tree_remove_for(struct tree *tree, struct mem_block *b, const struct mem_block *to,
                     size_t size);

/* What was said of a node when it was inserted. */
struct written tree_written(const struct mem_block *b);
size_t tree_dirty_bytes(const struct mem_block *b);

/* The smallest block of at least `size` bytes, the lowest among equals; or NULL. */
struct mem_block *tree_best_fit(const struct tree *tree, size_t size);

/* The largest block, or NULL. */
MA_RARE struct mem_block *tree_largest(const struct tree *tree);

/* Bytes of whole pages in all nodes' blocks that are blank. */
MA_RARE size_t tree_blank_bytes(const struct tree *tree);

/*
 * Check order, balance, parent links and the headers of all nodes.
 *
 * @param count  grows by the number of nodes.
 * @param bytes  grows by the sizes of their blocks.
 * @param dirty_bytes  grows by what a purge of the dirty ones gives back.
 * @return true when the tree is sound.
 */
bool tree_check(const struct tree *tree, size_t *count, size_t *bytes, size_t *dirty_bytes);

#endif
