/*
 * A node of the trees of large free blocks: for tree.c and tree_check.c alone.
 */
#ifndef MA_CORE_TREE_NODE_H
#define MA_CORE_TREE_NODE_H

#include "core/tree.h"

#include "core/link.h"

#include <stddef.h>

struct tree_node {
    /* Its links are those of the dirty list; both NULL where it is not in that. */
    struct mem_block block;
    struct tree_place at;
    struct written written;
    /* Bytes that a purge would give back; where there are any, the node is in the dirty list. */
    size_t dirty;
};

_Static_assert(sizeof(struct tree_node) <= TREE_BLOCK_MIN, "a node fits its block");

enum { TREE_LEFT = 0, TREE_RIGHT = 1 };

/* The height of a subtree without nodes. Not 0: memory that is cleared after it was freed would look like a leaf. */
enum { TREE_EMPTY = 1 };

/* The tree for blocks of `size` bytes. */
static inline size_t tree_step_of(size_t size)
{
    size_t top = bits_highest(size | MA_BINNED_MAX);
    size_t steps = size >> (top - TREE_STEPS_LOG2) & ((1U << TREE_STEPS_LOG2) - 1);
    return size < MA_BINNED_MAX ? 0 : ((top - MA_BINNED_MAX_LOG2) << TREE_STEPS_LOG2) + steps;
}

static inline struct tree_node *tree_node_of(const struct mem_block *b)
{
    return (struct tree_node *)b;
}

/* Whether a block of `size` bytes at `b` comes before `node` in the tree's order. */
static inline bool tree_comes_before(const void *b, size_t size, const struct tree_node *node)
{
    size_t node_size = mb_size(&node->block);
    return size != node_size ? size < node_size : b < (const void *)node;
}

static inline bool tree_is_less(const struct tree_node *a, const struct tree_node *b)
{
    return tree_comes_before(a, mb_size(&a->block), b);
}

/* The height of the subtree that begins with `node`, or with nothing. */
static inline uint32_t tree_height_of(const struct tree_node *node)
{
    if (node == NULL) {
        return TREE_EMPTY;
    }
    return 1 + (node->at.below[TREE_LEFT] > node->at.below[TREE_RIGHT]
                    ? node->at.below[TREE_LEFT]
                    : node->at.below[TREE_RIGHT]);
}

#endif
