/*
 * An AVL tree: the heights of a node's two subtrees differ by one at most, so
 * that n nodes are never deeper than 1.44 log2 n. An insertion or a removal is
 * followed by a walk to the root that restores heights and balance.
 */
#include "core/tree.h"

#include "core/link.h"

#include <stddef.h>

struct tree_node {
    struct mem_block
        block; /* its links are those of the dirty list; both NULL where it is not in that */
    struct tree_node *child[2];
    struct tree_node *parent;
    size_t height; /* of the subtree; a leaf has 1 */
    struct written written;
    size_t is_dirty; /* in the dirty list */
};

_Static_assert(sizeof(struct tree_node) <= TREE_BLOCK_MIN, "a node fits its block");

enum { LEFT = 0, RIGHT = 1 };

/* 1.44 log2 of as many nodes as fit the address space. */
enum { HEIGHT_MAX = 64 };

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

/* The node that the link `to` of `node` leads to, or NULL. Aborts where it leads astray.
 * Without a `node` it is the tree's own link to its root, which a program cannot reach. */
static struct tree_node *follow(const struct tree_node *node, struct tree_node *to)
{
    if (__builtin_expect(to != NULL && node != NULL && !link_is_sound(&to->block), 0)) {
        link_report(&node->block);
    }
    return to;
}

/* The height of what is below `node` on one side. */
static size_t height_below(const struct tree_node *node, int side)
{
    const struct tree_node *child = follow(node, node->child[side]);
    return child != NULL ? child->height : 0;
}

static size_t height_from_children(const struct tree_node *node)
{
    size_t left = height_below(node, LEFT);
    size_t right = height_below(node, RIGHT);
    return 1 + (left > right ? left : right);
}

/* The pointer in which the tree holds `node`. */
static struct tree_node **holder_of(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = follow(node, node->parent);
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
    struct tree_node *up = follow(node, node->child[!side]);
    replace(tree, node, up);
    adopt(node, !side, up->child[side]);
    adopt(up, side, node);
    node->height = height_from_children(node);
    up->height = height_from_children(up);
    return up;
}

/* Restore heights and balance from `node` up to the root. */
static void rebalance(struct tree *tree, struct tree_node *node)
{
    for (; node != NULL; node = follow(node, node->parent)) {
        size_t before = node->height;
        size_t left = height_below(node, LEFT);
        size_t right = height_below(node, RIGHT);
        if (left > right + 1 || right > left + 1) {
            int high = right > left;
            struct tree_node *child = node->child[high];
            if (height_below(child, !high) > height_below(child, high)) {
                rotate(tree, child, high);
            }
            node = rotate(tree, node, !high);
        } else {
            node->height = 1 + (left > right ? left : right);
        }
        if (node->height == before) {
            return; /* nothing above can have changed */
        }
    }
}

static void dirty_push(struct tree *tree, struct mem_block *b)
{
    b->prev_free = tree->newest_dirty;
    b->next_free = NULL;
    *(b->prev_free != NULL ? &b->prev_free->next_free : &tree->oldest_dirty) = b;
    tree->newest_dirty = b;
}

static void dirty_remove(struct tree *tree, struct mem_block *b)
{
    struct mem_block *prev = b->prev_free;
    struct mem_block *next = b->next_free;
    bool prev_agrees =
        prev == NULL ? tree->oldest_dirty == b : link_is_sound(prev) && prev->next_free == b;
    bool next_agrees =
        next == NULL ? tree->newest_dirty == b : link_is_sound(next) && next->prev_free == b;
    if (__builtin_expect(!prev_agrees || !next_agrees, 0)) {
        link_report(b);
    }
    *(prev != NULL ? &prev->next_free : &tree->oldest_dirty) = next;
    *(next != NULL ? &next->prev_free : &tree->newest_dirty) = prev;
}

struct written tree_written(const struct mem_block *b)
{
    return node_of(b)->written;
}

bool tree_is_dirty(const struct mem_block *b)
{
    return node_of(b)->is_dirty != 0;
}

void tree_insert(struct tree *tree, struct mem_block *b, struct written written, bool is_dirty)
{
    struct tree_node *node = node_of(b);
    node->written = written;
    node->is_dirty = is_dirty;
    if (is_dirty) {
        dirty_push(tree, b);
    }
    struct tree_node **place = &tree->root;
    struct tree_node *parent = NULL;
    while (*place != NULL) {
        parent = follow(parent, *place);
        place = &parent->child[is_less(parent, node)];
    }
    node->child[LEFT] = NULL;
    node->child[RIGHT] = NULL;
    node->parent = parent;
    node->height = 0; /* differs from a leaf's, so that the walk goes on from here */
    *place = node;
    rebalance(tree, node);
}

/* Whether all links from and to `node`, and its height, are those of the tree. */
static bool is_linked(struct tree *tree, struct tree_node *node)
{
    for (int side = LEFT; side <= RIGHT; side++) {
        const struct tree_node *child = follow(node, node->child[side]);
        if (child != NULL && child->parent != node) {
            return false;
        }
    }
    return *holder_of(tree, node) == node && node->height == height_from_children(node);
}

void tree_remove(struct tree *tree, struct mem_block *b)
{
    struct tree_node *node = node_of(b);
    if (__builtin_expect(!is_linked(tree, node), 0)) {
        link_report(b);
    }
    if (node->is_dirty) {
        dirty_remove(tree, b);
    }
    struct tree_node *lowest_changed;
    if (node->child[LEFT] == NULL || node->child[RIGHT] == NULL) {
        lowest_changed = node->parent;
        replace(tree, node, node->child[node->child[LEFT] == NULL]);
    } else {
        struct tree_node *heir = node->child[RIGHT]; /* the next in order */
        while (heir->child[LEFT] != NULL) {
            heir = follow(heir, heir->child[LEFT]);
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
        node = follow(node, node->child[!fits]);
    }
    return best != NULL ? &best->block : NULL;
}

struct mem_block *tree_largest(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node != NULL && node->child[RIGHT] != NULL) {
        node = follow(node, node->child[RIGHT]);
    }
    return node != NULL ? &node->block : NULL;
}

static size_t height_of(const struct tree_node *node)
{
    return node != NULL ? node->height : 0;
}

static bool node_is_sound(const struct tree_node *node, const struct tree_node *parent)
{
    if (!link_is_sound(&node->block) || node->parent != parent) {
        return false;
    }
    for (int side = LEFT; side <= RIGHT; side++) {
        if (node->child[side] != NULL && !link_is_sound(&node->child[side]->block)) {
            return false;
        }
    }
    size_t left = height_of(node->child[LEFT]);
    size_t right = height_of(node->child[RIGHT]);
    bool is_balanced = left <= right + 1 && right <= left + 1;
    return is_balanced && node->height == 1 + (left > right ? left : right);
}

static size_t subtree_blank_bytes(const struct tree_node *node, const struct tree_node *parent)
{
    if (node == NULL) {
        return 0;
    }
    follow(parent, (struct tree_node *)node);
    return written_blank_pages(node->written, &node->block) +
           subtree_blank_bytes(node->child[LEFT], node) +
           subtree_blank_bytes(node->child[RIGHT], node);
}

size_t tree_blank_bytes(const struct tree *tree)
{
    return subtree_blank_bytes(tree->root, NULL);
}

struct tree_counts {
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
    if (!node_is_sound(node, parent) || node->height > HEIGHT_MAX ||
        (low != NULL && !is_less(low, node)) || (high != NULL && !is_less(node, high))) {
        return false;
    }
    counts->count++;
    counts->bytes += mb_size(&node->block);
    if (node->is_dirty) {
        counts->dirty_count++;
        counts->dirty_bytes += written_size(written_pages(node->written, &node->block));
    }
    return subtree_is_sound(node->child[LEFT], node, low, node, counts) &&
           subtree_is_sound(node->child[RIGHT], node, node, high, counts);
}

/* Whether the dirty list has so many blocks, all of them dirty. */
static bool dirty_is_sound(const struct tree *tree, size_t count)
{
    const struct mem_block *prev = NULL;
    const struct mem_block *b = tree->oldest_dirty;
    for (; b != NULL && count > 0; prev = b, b = b->next_free, count--) {
        if (!link_is_sound(b) || !node_of(b)->is_dirty || b->prev_free != prev) {
            return false;
        }
    }
    return b == NULL && count == 0 && tree->newest_dirty == prev;
}

bool tree_check(const struct tree *tree, size_t *count, size_t *bytes, size_t *dirty_bytes)
{
    struct tree_counts counts = {0};
    bool is_sound = subtree_is_sound(tree->root, NULL, NULL, NULL, &counts);
    *count += counts.count;
    *bytes += counts.bytes;
    *dirty_bytes += counts.dirty_bytes;
    return is_sound && dirty_is_sound(tree, counts.dirty_count);
}
