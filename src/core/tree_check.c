/*
 * Whether the trees of large free blocks are sound.
 */
#include "core/tree_node.h"

/* TREE_EMPTY and 1.44 log2 of as many nodes as fit the address space. */
enum { HEIGHT_MAX = 65 };

static bool node_is_sound(const struct tree_node *node, const struct tree_node *parent)
{
    if (!link_is_sound(&node->block) || node->at.parent != parent ||
        (node->dirty != 0 &&
         node->dirty != written_size(written_pages(node->written, &node->block)))) {
        return false;
    }
    for (int side = TREE_LEFT; side <= TREE_RIGHT; side++) {
        if (node->at.child[side] != NULL && !link_is_sound(&node->at.child[side]->block)) {
            return false;
        }
    }
    uint32_t left = node->at.below[TREE_LEFT];
    uint32_t right = node->at.below[TREE_RIGHT];
    bool is_balanced = left <= right + 1 && right <= left + 1;
    return is_balanced && left == tree_height_of(node->at.child[TREE_LEFT]) &&
           right == tree_height_of(node->at.child[TREE_RIGHT]);
}

struct tree_counts {
    size_t step; /* of the tree that is being looked at */
    size_t count;
    size_t bytes;
    size_t dirty_count;
    size_t dirty_bytes;
};

/* Check what is below `parent`, and that it lies between `low` and `high` (NULL: no
 * bound). It ends, whatever the links say, as the heights must fall. */
static bool subtree_is_sound(const struct tree_node *node, const struct tree_node *parent,
                             const struct tree_node *low, const struct tree_node *high,
                             struct tree_counts *counts)
{
    if (node == NULL) {
        return true;
    }
    if (!node_is_sound(node, parent) || tree_height_of(node) > HEIGHT_MAX ||
        tree_step_of(mb_size(&node->block)) != counts->step ||
        (low != NULL && !tree_is_less(low, node)) || (high != NULL && !tree_is_less(node, high))) {
        return false;
    }
    counts->count++;
    counts->bytes += mb_size(&node->block);
    counts->dirty_count += node->dirty != 0;
    counts->dirty_bytes += node->dirty;
    return subtree_is_sound(node->at.child[TREE_LEFT], node, low, node, counts) &&
           subtree_is_sound(node->at.child[TREE_RIGHT], node, node, high, counts);
}

/* Whether one tree is sound, and all its blocks belong there. */
static bool step_is_sound(const struct tree *tree, size_t step, struct tree_counts *counts)
{
    const struct tree_node *root = tree->roots[step];
    bool is_marked = (tree->filled[step / 64] >> (step % 64) & 1) != 0;
    counts->step = step;
    return is_marked == (root != NULL) && subtree_is_sound(root, NULL, NULL, NULL, counts);
}

/* Whether the dirty list has so many blocks, all of them dirty. */
static bool dirty_is_sound(const struct tree *tree, size_t count)
{
    const struct mem_block *prev = NULL;
    const struct mem_block *b = tree->oldest_dirty;
    for (; b != NULL && count > 0; prev = b, b = b->next_free, count--) {
        if (!link_is_sound(b) || tree_node_of(b)->dirty == 0 || b->prev_free != prev) {
            return false;
        }
    }
    return b == NULL && count == 0 && tree->newest_dirty == prev;
}

bool tree_check(const struct tree *tree, size_t *count, size_t *bytes, size_t *dirty_bytes)
{
    struct tree_counts counts = {0};
    bool is_sound = true;
    for (size_t step = 0; step < TREE_STEP_COUNT && is_sound; step++) {
        is_sound = step_is_sound(tree, step, &counts);
    }
    *count += counts.count;
    *bytes += counts.bytes;
    *dirty_bytes += counts.dirty_bytes;
    return is_sound && dirty_is_sound(tree, counts.dirty_count);
}
