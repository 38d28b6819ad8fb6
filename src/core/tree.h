/*
 * The index of large free blocks: an AVL tree ordered by size, then address.
 *
 * The smallest block that fits, the lowest of its size, is found in O(log n)
 * whatever the program does; so are insertion and removal. The nodes lie in the
 * free blocks themselves. Invariant I4.
 */
#ifndef MA_CORE_TREE_H
#define MA_CORE_TREE_H

#include "core/mem_block.h"

struct tree_node;

struct tree {
    struct tree_node *root;
};

/* A free block must be this large to be a node. */
#define TREE_BLOCK_MIN ((size_t)64)

void tree_insert(struct tree *tree, struct mem_block *b);
void tree_remove(struct tree *tree, struct mem_block *b);

/* The smallest block of at least `size` bytes, the lowest among equals; or NULL. */
struct mem_block *tree_best_fit(const struct tree *tree, size_t size);

/* The largest block, or NULL. */
struct mem_block *tree_largest(const struct tree *tree);

/*
 * Check order, balance, parent links and the headers of all nodes.
 *
 * @param count  grows by the number of nodes.
 * @param bytes  grows by the sizes of their blocks.
 * @return true when the tree is sound.
 */
bool tree_check(const struct tree *tree, size_t *count, size_t *bytes);

#endif
