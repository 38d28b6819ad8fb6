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
    struct tree_place at;
    struct written written;
    size_t
        dirty; /* bytes that a purge would give back; where there are any, it is in the dirty list */
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

/* Whether a block of `size` bytes at `b` comes before `node` in the tree's order. */
static bool comes_before(const void *b, size_t size, const struct tree_node *node)
{
    size_t node_size = mb_size(&node->block);
    return size != node_size ? size < node_size : b < (const void *)node;
}

static bool is_less(const struct tree_node *a, const struct tree_node *b)
{
    return comes_before(a, mb_size(&a->block), b);
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
    return 1 + (node->at.below[LEFT] > node->at.below[RIGHT] ? node->at.below[LEFT]
                                                             : node->at.below[RIGHT]);
}

/* The pointer in which the tree holds `node`. */
static struct tree_node **holder_of(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = follow(node, node->at.parent);
    return parent == NULL ? &tree->root : &parent->at.child[parent->at.child[RIGHT] == node];
}

/* Let `heir` (or nothing) stand where `node` stands. */
static void replace(struct tree *tree, struct tree_node *node, struct tree_node *heir)
{
    *holder_of(tree, node) = heir;
    if (heir != NULL) {
        heir->at.parent = node->at.parent;
    }
}

static void adopt(struct tree_node *parent, int side, struct tree_node *child)
{
    parent->at.child[side] = child;
    if (child != NULL) {
        child->at.parent = parent;
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
    struct tree_node *up = follow(node, node->at.child[!side]);
    replace(tree, node, up);
    adopt(node, !side, up->at.child[side]);
    adopt(up, side, node);
    node->at.below[!side] = up->at.below[side];
    up->at.below[side] = height_of(node);
    return up;
}

/* Rotate where the heights below `node` differ by two: what stands in its place then. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
    uint32_t left = node->at.below[LEFT];
    uint32_t right = node->at.below[RIGHT];
    if (left <= right + 1 && right <= left + 1) {
        return node;
    }
    int high = right > left;
    struct tree_node *child = follow(node, node->at.child[high]);
    if (child->at.below[!high] > child->at.below[high]) {
        node->at.below[high] = height_of(rotate(tree, child, high));
    }
    return rotate(tree, node, !high);
}

/* What is below `node` (NULL: nothing) on one side has this height now: restore heights and balance up to the root. */
static void set_height_below(struct tree *tree, struct tree_node *node, int side, uint32_t height)
{
    while (node != NULL) {
        uint32_t before = height_of(node);
        node->at.below[side] = height;
        node = balance(tree, node);
        height = height_of(node);
        if (height == before) {
            return; /* nothing above can have changed */
        }
        struct tree_node *parent = follow(node, node->at.parent);
        side = parent != NULL && parent->at.child[RIGHT] == node;
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
        prev == NULL ? tree->oldest_dirty == b : link_is_readable(prev) && prev->next_free == b;
    bool next_agrees =
        next == NULL ? tree->newest_dirty == b : link_is_readable(next) && next->prev_free == b;
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

size_t tree_dirty_bytes(const struct mem_block *b)
{
    return node_of(b)->dirty;
}

/* Enter `node` where its size and its address belong. */
static void link(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = NULL;
    int side = LEFT;
    for (struct tree_node *at = tree->root; at != NULL;
         at = follow(parent, parent->at.child[side])) {
        parent = at;
        side = is_less(parent, node);
    }
    node->at = (struct tree_place){{NULL, NULL}, parent, {EMPTY, EMPTY}};
    *(parent != NULL ? &parent->at.child[side] : &tree->root) = node;
    set_height_below(tree, parent, side, height_of(node));
}

/* Enter `node` in the place that was kept for it. */
static void take_kept(struct tree *tree, struct tree_node *node)
{
    tree->heir = NULL;
    node->at = tree->kept;
    *tree->kept_link = node;
    for (int side = LEFT; side <= RIGHT; side++) {
        if (node->at.child[side] != NULL) {
            node->at.child[side]->at.parent = node;
        }
    }
}

void tree_insert(struct tree *tree, struct mem_block *b, struct written written, size_t dirty)
{
    MA_ASSERT(tree->heir == NULL || tree->heir == b);
    struct tree_node *node = node_of(b);
    node->written = written;
    node->dirty = dirty;
    if (dirty != 0) {
        dirty_push(tree, b);
    }
    if (tree->heir == b) {
        take_kept(tree, node);
    } else {
        link(tree, node);
    }
}

/* Whether the subtree of `node` on one side is linked to it, and is there where its height says so. */
static bool is_linked_below(const struct tree_node *node, int side)
{
    const struct tree_node *child = node->at.child[side];
    if (child == NULL) {
        return node->at.below[side] == EMPTY;
    }
    return node->at.below[side] != EMPTY && link_is_readable(&child->block) &&
           child->at.parent == node;
}

/* The pointer in which the tree holds `node`. Aborts where not all links from and to it are those of the tree. */
static struct tree_node **checked_holder_of(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = node->at.parent;
    struct tree_node **holder = &tree->root;
    bool is_readable = parent == NULL || link_is_readable(&parent->block);
    if (is_readable && parent != NULL) {
        holder = &parent->at.child[parent->at.child[RIGHT] == node];
    }
    if (__builtin_expect(!is_readable || *holder != node || !is_linked_below(node, LEFT) ||
                             !is_linked_below(node, RIGHT),
                         0)) {
        link_report(&node->block);
    }
    return holder;
}

/* Let the next in order stand where `node` stands, which has two children. */
static void replace_by_next(struct tree *tree, struct tree_node *node)
{
    struct tree_node *heir = node->at.child[RIGHT];
    while (heir->at.child[LEFT] != NULL) {
        heir = follow(heir, heir->at.child[LEFT]);
    }
    struct tree_node *left_by = heir->at.parent;
    uint32_t height = heir->at.below[RIGHT];
    replace(tree, heir, heir->at.child[RIGHT]);
    adopt(heir, LEFT, node->at.child[LEFT]);
    adopt(heir, RIGHT, node->at.child[RIGHT]);
    heir->at.below[LEFT] = node->at.below[LEFT];
    heir->at.below[RIGHT] = node->at.below[RIGHT];
    replace(tree, node, heir);
    if (left_by == node) {
        set_height_below(tree, heir, RIGHT, height);
    } else {
        set_height_below(tree, left_by, LEFT, height);
    }
}

static void unlink(struct tree *tree, struct tree_node *node)
{
    if (node->at.child[LEFT] != NULL && node->at.child[RIGHT] != NULL) {
        replace_by_next(tree, node);
        return;
    }
    struct tree_node *parent = node->at.parent;
    int side = parent != NULL && parent->at.child[RIGHT] == node;
    int filled = node->at.child[LEFT] == NULL;
    replace(tree, node, node->at.child[filled]);
    set_height_below(tree, parent, side, node->at.below[filled]);
}

/* The node that stands next to `node` in order, on one side; NULL where it is the first or the last. */
static const struct tree_node *neighbour(const struct tree_node *node, int side)
{
    const struct tree_node *at = follow(node, node->at.child[side]);
    if (at != NULL) {
        while (at->at.child[!side] != NULL) {
            at = follow(at, at->at.child[!side]);
        }
        return at;
    }
    at = follow(node, node->at.parent);
    while (at != NULL && at->at.child[side] == node) {
        node = at;
        at = follow(node, node->at.parent);
    }
    return at;
}

/* Whether a block of `size` bytes at `b`, in place of `node`, would stand between the same others. */
static bool stands_there(const struct tree_node *node, const struct mem_block *b, size_t size)
{
    int side = !comes_before(b, size, node);
    const struct tree_node *other = neighbour(node, side);
    return other == NULL || comes_before(b, size, other) == (side == RIGHT);
}

void tree_remove(struct tree *tree, struct mem_block *b)
{
    struct tree_node *node = node_of(b);
    checked_holder_of(tree, node);
    if (node->dirty != 0) {
        dirty_remove(tree, b);
    }
    unlink(tree, node);
}

void tree_remove_for(struct tree *tree, struct mem_block *b, const struct mem_block *to,
                     size_t size)
{
    struct tree_node *node = node_of(b);
    struct tree_node **holder = checked_holder_of(tree, node);
    if (node->dirty != 0) {
        dirty_remove(tree, b);
    }
    if (stands_there(node, to, size)) {
        tree->heir = to;
        tree->kept = node->at;
        tree->kept_link = holder;
    } else {
        unlink(tree, node);
    }
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
        node = follow(node, node->at.child[!fits]);
    }
    return best != NULL ? &best->block : NULL;
}

struct mem_block *tree_largest(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node != NULL && node->at.child[RIGHT] != NULL) {
        node = follow(node, node->at.child[RIGHT]);
    }
    return node != NULL ? &node->block : NULL;
}

static bool node_is_sound(const struct tree_node *node, const struct tree_node *parent)
{
    if (!link_is_sound(&node->block) || node->at.parent != parent ||
        (node->dirty != 0 &&
         node->dirty != written_size(written_pages(node->written, &node->block)))) {
        return false;
    }
    for (int side = LEFT; side <= RIGHT; side++) {
        if (node->at.child[side] != NULL && !link_is_sound(&node->at.child[side]->block)) {
            return false;
        }
    }
    uint32_t left = node->at.below[LEFT];
    uint32_t right = node->at.below[RIGHT];
    bool is_balanced = left <= right + 1 && right <= left + 1;
    return is_balanced && left == height_of(node->at.child[LEFT]) &&
           right == height_of(node->at.child[RIGHT]);
}

static size_t subtree_blank_bytes(const struct tree_node *node, const struct tree_node *parent)
{
    if (node == NULL) {
        return 0;
    }
    follow(parent, (struct tree_node *)node);
    return written_blank_pages(node->written, &node->block) +
           subtree_blank_bytes(node->at.child[LEFT], node) +
           subtree_blank_bytes(node->at.child[RIGHT], node);
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
    counts->dirty_count += node->dirty != 0;
    counts->dirty_bytes += node->dirty;
    return subtree_is_sound(node->at.child[LEFT], node, low, node, counts) &&
           subtree_is_sound(node->at.child[RIGHT], node, node, high, counts);
}

/* Whether the dirty list has so many blocks, all of them dirty. */
static bool dirty_is_sound(const struct tree *tree, size_t count)
{
    const struct mem_block *prev = NULL;
    const struct mem_block *b = tree->oldest_dirty;
    for (; b != NULL && count > 0; prev = b, b = b->next_free, count--) {
        if (!link_is_sound(b) || node_of(b)->dirty == 0 || b->prev_free != prev) {
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
