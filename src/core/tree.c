/*
 * An AVL tree: the heights of a node's two subtrees differ by one at most, so
 * that n nodes are never deeper than 1.44 log2 n. An insertion or a removal is
 * followed by a walk to the root that restores heights and balance.
 */
#include "core/tree.h"

#include <stddef.h>

struct tree_node {
    struct mem_block block; /* its links are not in use: a tree block is in no list */
    struct tree_node *child[2];
    struct tree_node *parent;
    size_t height; /* of the subtree; a leaf has 1 */
};

_Static_assert(sizeof(struct tree_node) <= TREE_BLOCK_MIN, "a node fits its block");

enum { LEFT = 0, RIGHT = 1 };

static struct tree_node *node_of(const struct mem_block *b)
{
    return (struct tree_node *)b;
}

static bool is_less(const struct tree_node *a, const struct tree_node *b)
{
    size_t size_a = mb_size(&a->block);
    size_t size_b = mb_size(&b->block);
    return size_a != size_b ? size_a < size_b : a < b;
}

static size_t height_of(const struct tree_node *node)
{
    return node != NULL ? node->height : 0;
}

static void update_height(struct tree_node *node)
{
    size_t left = height_of(node->child[LEFT]);
    size_t right = height_of(node->child[RIGHT]);
    node->height = 1 + (left > right ? left : right);
}

/* The pointer in which the tree holds `node`. */
static struct tree_node **holder_of(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = node->parent;
    return parent == NULL ? &tree->root : &parent->child[parent->child[RIGHT] == node];
}

/* Let `heir` (or nothing) stand where `node` stands. */
static void replace(struct tree *tree, struct tree_node *node, struct tree_node *heir)
{
    *holder_of(tree, node) = heir;
    if (heir != NULL) {
        heir->parent = node->parent;
    }
}

static void adopt(struct tree_node *parent, int side, struct tree_node *child)
{
    parent->child[side] = child;
    if (child != NULL) {
        child->parent = parent;
    }
}

/*
 * Lift the child on side `!side` over `node`, which sinks to `side`:
 *
 *        node                  up
 *       /    \      side      /  \
 *      a      up    LEFT   node   c
 *            /  \   ---->  /  \
 *           b    c        a    b
 */
static struct tree_node *rotate(struct tree *tree, struct tree_node *node, int side)
{
    struct tree_node *up = node->child[!side];
    replace(tree, node, up);
    adopt(node, !side, up->child[side]);
    adopt(up, side, node);
    update_height(node);
    update_height(up);
    return up;
}

/* Restore heights and balance from `node` up to the root. */
static void rebalance(struct tree *tree, struct tree_node *node)
{
    for (; node != NULL; node = node->parent) {
        size_t before = node->height;
        size_t left = height_of(node->child[LEFT]);
        size_t right = height_of(node->child[RIGHT]);
        if (left > right + 1 || right > left + 1) {
            int high = right > left;
            struct tree_node *child = node->child[high];
            if (height_of(child->child[!high]) > height_of(child->child[high])) {
                rotate(tree, child, high);
            }
            node = rotate(tree, node, !high);
        } else {
            update_height(node);
        }
        if (node->height == before) {
            return; /* nothing above can have changed */
        }
    }
}

void tree_insert(struct tree *tree, struct mem_block *b)
{
    struct tree_node *node = node_of(b);
    struct tree_node **place = &tree->root;
    struct tree_node *parent = NULL;
    while (*place != NULL) {
        parent = *place;
        place = &parent->child[is_less(parent, node)];
    }
    node->child[LEFT] = NULL;
    node->child[RIGHT] = NULL;
    node->parent = parent;
    node->height = 0; /* differs from a leaf's, so that the walk goes on from here */
    *place = node;
    rebalance(tree, node);
}

void tree_remove(struct tree *tree, struct mem_block *b)
{
    struct tree_node *node = node_of(b);
    MA_CHECK(*holder_of(tree, node) == node,
             "the free list is corrupted: free block at %p is not where its links say; memory was "
             "probably written to after it was freed",
             (void *)b);
    struct tree_node *lowest_changed;
    if (node->child[LEFT] == NULL || node->child[RIGHT] == NULL) {
        lowest_changed = node->parent;
        replace(tree, node, node->child[node->child[LEFT] == NULL]);
    } else {
        struct tree_node *heir = node->child[RIGHT]; /* the next in order */
        while (heir->child[LEFT] != NULL) {
            heir = heir->child[LEFT];
        }
        lowest_changed = heir->parent == node ? heir : heir->parent;
        replace(tree, heir, heir->child[RIGHT]);
        adopt(heir, LEFT, node->child[LEFT]);
        adopt(heir, RIGHT, node->child[RIGHT]);
        heir->height = node->height;
        replace(tree, node, heir);
    }
    rebalance(tree, lowest_changed);
}

struct mem_block *tree_best_fit(const struct tree *tree, size_t size)
{
    struct tree_node *best = NULL;
    struct tree_node *node = tree->root;
    while (node != NULL) {
        bool fits = mb_size(&node->block) >= size;
        if (fits) {
            best = node;
        }
        node = node->child[!fits];
    }
    return best != NULL ? &best->block : NULL;
}

struct mem_block *tree_largest(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node != NULL && node->child[RIGHT] != NULL) {
        node = node->child[RIGHT];
    }
    return node != NULL ? &node->block : NULL;
}

static bool node_is_sound(const struct tree_node *node)
{
    size_t left = height_of(node->child[LEFT]);
    size_t right = height_of(node->child[RIGHT]);
    bool is_balanced = left <= right + 1 && right <= left + 1;
    return is_balanced && node->height == 1 + (left > right ? left : right) &&
           mb_is_sealed(&node->block) && !mb_is_used(&node->block);
}

/* The first node in order below `node`. */
static const struct tree_node *leftmost(const struct tree_node *node)
{
    while (node != NULL && node->child[LEFT] != NULL) {
        node = node->child[LEFT];
    }
    return node;
}

/* The next node in order, or NULL. */
static const struct tree_node *successor(const struct tree_node *node)
{
    if (node->child[RIGHT] != NULL) {
        return leftmost(node->child[RIGHT]);
    }
    while (node->parent != NULL && node->parent->child[RIGHT] == node) {
        node = node->parent;
    }
    return node->parent;
}

bool tree_check(const struct tree *tree, size_t *count, size_t *bytes)
{
    if (tree->root != NULL && tree->root->parent != NULL) {
        return false;
    }
    for (const struct tree_node *node = leftmost(tree->root); node != NULL;) {
        for (int side = LEFT; side <= RIGHT; side++) {
            if (node->child[side] != NULL && node->child[side]->parent != node) {
                return false;
            }
        }
        const struct tree_node *next = successor(node);
        if (!node_is_sound(node) || (next != NULL && !is_less(node, next))) {
            return false;
        }
        (*count)++;
        *bytes += mb_size(&node->block);
        node = next;
    }
    return true;
}
