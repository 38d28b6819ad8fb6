/*
 * AVL trees: the heights of a node's two subtrees differ by one at most, so
 * that n nodes are never deeper than 1.44 log2 n. An insertion or a removal is
 * followed by a walk to the root that restores heights and balance, and ends where
 * nothing above can have changed.
 *
 * A node holds the heights of both its subtrees, so that the walk looks at no other nodes
 * than those on its way: each lies in a page of its own, and is rarely in a cache.
 */
#include "core/tree_node.h"

/* The first tree from `step` on that holds a block; TREE_STEP_COUNT if there is none. */
static size_t next_filled(const struct tree *tree, size_t step)
{
    return bits_next_in(tree->filled, TREE_WORDS, step);
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

/* The pointer in which the tree holds `node`, whose link to its parent can be followed. */
static struct tree_node **holder_of(struct tree *tree, const struct tree_node *node)
{
    struct tree_node *parent = node->at.parent;
    return parent == NULL ? &tree->roots[tree_step_of(mb_size(&node->block))]
                          : &parent->at.child[parent->at.child[TREE_RIGHT] == node];
}

/* Let `heir` (or nothing) stand where `node` stands. */
static void replace(struct tree *tree, const struct tree_node *node, struct tree_node *heir)
{
    follow(node, node->at.parent);
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
 *      a      up    TREE_LEFT   node   c
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
    up->at.below[side] = tree_height_of(node);
    return up;
}

/* Rotate where the heights below `node` differ by two: what stands in its place then. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
    uint32_t left = node->at.below[TREE_LEFT];
    uint32_t right = node->at.below[TREE_RIGHT];
    if (left <= right + 1 && right <= left + 1) {
        return node;
    }
    int high = right > left;
    struct tree_node *child = follow(node, node->at.child[high]);
    if (child->at.below[!high] > child->at.below[high]) {
        node->at.below[high] = tree_height_of(rotate(tree, child, high));
    }
    return rotate(tree, node, !high);
}

/* What is below `node` (NULL: nothing) on one side has this height now: restore heights and balance up to the root. */
static void set_height_below(struct tree *tree, struct tree_node *node, int side, uint32_t height)
{
    while (node != NULL) {
        uint32_t before = tree_height_of(node);
        node->at.below[side] = height;
        node = balance(tree, node);
        height = tree_height_of(node);
        if (height == before) {
            return; /* nothing above can have changed */
        }
        struct tree_node *parent = follow(node, node->at.parent);
        side = parent != NULL && parent->at.child[TREE_RIGHT] == node;
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
    return tree_node_of(b)->written;
}

size_t tree_dirty_bytes(const struct mem_block *b)
{
    return tree_node_of(b)->dirty;
}

/* Enter `node` where its size and its address belong. */
static void link(struct tree *tree, struct tree_node *node)
{
    size_t step = tree_step_of(mb_size(&node->block));
    struct tree_node *parent = NULL;
    struct tree_node **holder = &tree->roots[step];
    int side = TREE_LEFT;
    for (struct tree_node *at = *holder; at != NULL; at = follow(parent, *holder)) {
        parent = at;
        side = tree_is_less(parent, node);
        holder = &parent->at.child[side];
    }
    node->at = (struct tree_place){{NULL, NULL}, parent, {TREE_EMPTY, TREE_EMPTY}};
    *holder = node;
    if (parent == NULL) {
        tree->filled[step / 64] |= UINT64_C(1) << (step % 64);
    } else {
        set_height_below(tree, parent, side, tree_height_of(node));
    }
}

/* Enter `node` in the place that was kept for it. */
static void take_kept(struct tree *tree, struct tree_node *node)
{
    tree->heir = NULL;
    node->at = tree->kept;
    *tree->kept_link = node;
    for (int side = TREE_LEFT; side <= TREE_RIGHT; side++) {
        if (node->at.child[side] != NULL) {
            node->at.child[side]->at.parent = node;
        }
    }
}

void tree_insert(struct tree *tree, struct mem_block *b, struct written written, size_t dirty)
{
    MA_ASSERT(tree->heir == NULL || tree->heir == b);
    struct tree_node *node = tree_node_of(b);
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
        return node->at.below[side] == TREE_EMPTY;
    }
    return node->at.below[side] != TREE_EMPTY && link_is_readable(&child->block) &&
           child->at.parent == node;
}

/* The pointer in which the tree holds `node`. Aborts where not all links from and to it are those of the tree. */
static struct tree_node **checked_holder_of(struct tree *tree, struct tree_node *node)
{
    const struct tree_node *parent = node->at.parent;
    bool is_readable = parent == NULL || link_is_readable(&parent->block);
    struct tree_node **holder = is_readable ? holder_of(tree, node) : NULL;
    if (__builtin_expect(!is_readable || *holder != node || !is_linked_below(node, TREE_LEFT) ||
                             !is_linked_below(node, TREE_RIGHT),
                         0)) {
        link_report(&node->block);
    }
    return holder;
}

/* Let the next in order stand where `node` stands, which has two children. */
static void replace_by_next(struct tree *tree, struct tree_node *node)
{
    struct tree_node *heir = node->at.child[TREE_RIGHT];
    while (heir->at.child[TREE_LEFT] != NULL) {
        heir = follow(heir, heir->at.child[TREE_LEFT]);
    }
    struct tree_node *left_by = heir->at.parent;
    uint32_t height = heir->at.below[TREE_RIGHT];
    replace(tree, heir, heir->at.child[TREE_RIGHT]);
    adopt(heir, TREE_LEFT, node->at.child[TREE_LEFT]);
    adopt(heir, TREE_RIGHT, node->at.child[TREE_RIGHT]);
    heir->at.below[TREE_LEFT] = node->at.below[TREE_LEFT];
    heir->at.below[TREE_RIGHT] = node->at.below[TREE_RIGHT];
    replace(tree, node, heir);
    if (left_by == node) {
        set_height_below(tree, heir, TREE_RIGHT, height);
    } else {
        set_height_below(tree, left_by, TREE_LEFT, height);
    }
}

/* Take `node` out of the tree, which holds it in `*holder`. */
static void unlink(struct tree *tree, struct tree_node *node, struct tree_node **holder)
{
    if (node->at.child[TREE_LEFT] != NULL && node->at.child[TREE_RIGHT] != NULL) {
        replace_by_next(tree, node);
        return;
    }
    struct tree_node *parent = node->at.parent;
    int side = parent != NULL && parent->at.child[TREE_RIGHT] == node;
    int filled = node->at.child[TREE_LEFT] == NULL;
    struct tree_node *child = node->at.child[filled];
    *holder = child;
    if (child != NULL) {
        child->at.parent = parent;
    } else if (parent == NULL) {
        size_t step = tree_step_of(mb_size(&node->block));
        tree->filled[step / 64] &= ~(UINT64_C(1) << (step % 64));
    }
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
    if (tree_step_of(size) != tree_step_of(mb_size(&node->block))) {
        return false;
    }
    int side = !tree_comes_before(b, size, node);
    const struct tree_node *other = neighbour(node, side);
    return other == NULL || tree_comes_before(b, size, other) == (side == TREE_RIGHT);
}

void tree_remove(struct tree *tree, struct mem_block *b)
{
    struct tree_node *node = tree_node_of(b);
    struct tree_node **holder = checked_holder_of(tree, node);
    if (node->dirty != 0) {
        dirty_remove(tree, b);
    }
    unlink(tree, node, holder);
}

void tree_remove_for(struct tree *tree, struct mem_block *b, const struct mem_block *to,
                     size_t size)
{
    struct tree_node *node = tree_node_of(b);
    struct tree_node **holder = checked_holder_of(tree, node);
    if (node->dirty != 0) {
        dirty_remove(tree, b);
    }
    if (stands_there(node, to, size)) {
        tree->heir = to;
        tree->kept = node->at;
        tree->kept_link = holder;
    } else {
        unlink(tree, node, holder);
    }
}

/* The first node below `root` whose block has `size` bytes at least, or NULL. */
static struct tree_node *first_fit(struct tree_node *root, size_t size)
{
    struct tree_node *best = NULL;
    struct tree_node *node = root;
    while (node != NULL) {
        bool fits = mb_size(&node->block) >= size;
        if (fits) {
            best = node;
        }
        node = follow(node, node->at.child[!fits]);
    }
    return best;
}

struct mem_block *tree_best_fit(const struct tree *tree, size_t size)
{
    if (size > MB_SIZE_MAX) {
        return NULL;
    }
    size_t step = tree_step_of(size);
    struct tree_node *best = first_fit(tree->roots[step], size);
    if (best == NULL) {
        step = next_filled(tree, step + 1);
        best = step < TREE_STEP_COUNT ? first_fit(tree->roots[step], size) : NULL;
    }
    return best != NULL ? &best->block : NULL;
}

struct mem_block *tree_largest(const struct tree *tree)
{
    size_t step = bits_last_in(tree->filled, TREE_WORDS);
    struct tree_node *node = step < TREE_STEP_COUNT ? tree->roots[step] : NULL;
    while (node != NULL && node->at.child[TREE_RIGHT] != NULL) {
        node = follow(node, node->at.child[TREE_RIGHT]);
    }
    return node != NULL ? &node->block : NULL;
}

static MA_RARE size_t subtree_blank_bytes(const struct tree_node *node,
                                          const struct tree_node *parent)
{
    if (node == NULL) {
        return 0;
    }
    follow(parent, (struct tree_node *)node);
    return written_blank_pages(node->written, &node->block) +
           subtree_blank_bytes(node->at.child[TREE_LEFT], node) +
           subtree_blank_bytes(node->at.child[TREE_RIGHT], node);
}

size_t tree_blank_bytes(const struct tree *tree)
{
    size_t bytes = 0;
    for (size_t step = 0; (step = next_filled(tree, step)) < TREE_STEP_COUNT; step++) {
        bytes += subtree_blank_bytes(tree->roots[step], NULL);
    }
    return bytes;
}
