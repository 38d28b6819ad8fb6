/*
 * An AVL tree: the heights of a node's two subtrees differ by one at most, so
 * that n nodes are never deeper than 1.44 log2 n. An insertion or a removal is
 * followed by a walk to the root that restores heights and balance, and ends where
 * nothing above can have changed.
 *
 * A node holds the heights of both its subtrees, so that the walk looks at no other nodes
 * than those on its way: each lies in a page of its own, and is rarely in a cache.
 */
#include "core/tree.h"

#include "core/link.h"

#include <stddef.h>

struct tree_node {
    struct mem_block
        block; /* its links are those of the dirty list; both NULL where it is not in that */
    struct tree_node *child[2];
    struct tree_node *parent;
    uint32_t below[2]; /* the heights of the subtrees */
    struct written written;
    size_t is_dirty; /* in the dirty list */
};

_Static_assert(sizeof(struct tree_node) <= TREE_BLOCK_MIN, "a node fits its block");

enum { LEFT = 0, RIGHT = 1 };

/* The height of a subtree without nodes. Not 0: memory that is cleared after it was freed would look like a leaf. */
enum { EMPTY = 1 };

/* EMPTY and 1.44 log2 of as many nodes as fit the address space. */
enum { HEIGHT_MAX = 65 };

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

/* The height of the subtree that begins with `node`, or with nothing. */
static uint32_t height_of(const struct tree_node *node)
{
    if (node == NULL) {
        return EMPTY;
    }
    return 1 + (node->below[LEFT] > node->below[RIGHT] ? node->below[LEFT] : node->below[RIGHT]);
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
    node->below[!side] = up->below[side];
    up->below[side] = height_of(node);
    return up;
}

/* Rotate where the heights below `node` differ by two: what stands in its place then. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
    uint32_t left = node->below[LEFT];
    uint32_t right = node->below[RIGHT];
    if (left <= right + 1 && right <= left + 1) {
        return node;
    }
    int high = right > left;
    struct tree_node *child = follow(node, node->child[high]);
    if (child->below[!high] > child->below[high]) {
        node->below[high] = height_of(rotate(tree, child, high));
    }
    return rotate(tree, node, !high);
}

/* What is below `node` (NULL: nothing) on one side has this height now: restore heights and balance up to the root. */
static void set_height_below(struct tree *tree, struct tree_node *node, int side, uint32_t height)
{
    while (node != NULL) {
        uint32_t before = height_of(node);
        node->below[side] = height;
        node = balance(tree, node);
        height = height_of(node);
        if (height == before) {
            return; /* nothing above can have changed */
        }
        struct tree_node *parent = follow(node, node->parent);
        side = parent != NULL && parent->child[RIGHT] == node;
        node = parent;
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
    struct tree_node *parent = NULL;
    int side = LEFT;
    for (struct tree_node *at = tree->root; at != NULL; at = follow(parent, parent->child[side])) {
        parent = at;
        side = is_less(parent, node);
    }
    node->child[LEFT] = NULL;
    node->child[RIGHT] = NULL;
    node->parent = parent;
    node->below[LEFT] = EMPTY;
    node->below[RIGHT] = EMPTY;
    *(parent != NULL ? &parent->child[side] : &tree->root) = node;
    set_height_below(tree, parent, side, height_of(node));
}

/* Whether all links from and to `node` are those of the tree. */
static bool is_linked(struct tree *tree, struct tree_node *node)
{
    for (int side = LEFT; side <= RIGHT; side++) {
        const struct tree_node *child = follow(node, node->child[side]);
        if ((child == NULL) != (node->below[side] == EMPTY) ||
            (child != NULL && child->parent != node)) {
            return false;
        }
    }
    return *holder_of(tree, node) == node;
}

/* Let the next in order stand where `node` stands, which has two children. */
static void replace_by_next(struct tree *tree, struct tree_node *node)
{
    struct tree_node *heir = node->child[RIGHT];
    while (heir->child[LEFT] != NULL) {
        heir = follow(heir, heir->child[LEFT]);
    }
    struct tree_node *left_by = heir->parent;
    uint32_t height = heir->below[RIGHT];
    replace(tree, heir, heir->child[RIGHT]);
    adopt(heir, LEFT, node->child[LEFT]);
    adopt(heir, RIGHT, node->child[RIGHT]);
    heir->below[LEFT] = node->below[LEFT];
    heir->below[RIGHT] = node->below[RIGHT];
    replace(tree, node, heir);
    if (left_by == node) {
        set_height_below(tree, heir, RIGHT, height);
    } else {
        set_height_below(tree, left_by, LEFT, height);
    }
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
    if (node->child[LEFT] != NULL && node->child[RIGHT] != NULL) {
        replace_by_next(tree, node);
        return;
    }
    struct tree_node *parent = node->parent;
    int side = parent != NULL && parent->child[RIGHT] == node;
    int filled = node->child[LEFT] == NULL;
    replace(tree, node, node->child[filled]);
    set_height_below(tree, parent, side, node->below[filled]);
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
    uint32_t left = node->below[LEFT];
    uint32_t right = node->below[RIGHT];
    bool is_balanced = left <= right + 1 && right <= left + 1;
    return is_balanced && left == height_of(node->child[LEFT]) &&
           right == height_of(node->child[RIGHT]);
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
    if (!node_is_sound(node, parent) || height_of(node) > HEIGHT_MAX ||
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
