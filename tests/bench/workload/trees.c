/*
 * Binary trees, built and dropped: one lives long, while many of each depth come and go.
 */
#include "common.h"
#include "workloads.h"

#define DEPTH_MIN 4
#define DEPTH_MAX 16

struct tree {
    struct tree *left;
    struct tree *right;
};

static struct tree *tree_build(size_t depth)
{
    struct tree *tree = allocate(sizeof(*tree));
    tree->left = depth == 0 ? NULL : tree_build(depth - 1);
    tree->right = depth == 0 ? NULL : tree_build(depth - 1);
    return tree;
}

static uint64_t tree_count(const struct tree *tree)
{
    return tree->left == NULL ? 1 : 1 + tree_count(tree->left) + tree_count(tree->right);
}

static void tree_drop(struct tree *tree)
{
    if (tree->left != NULL) {
        tree_drop(tree->left);
        tree_drop(tree->right);
    }
    free(tree);
}

static uint64_t build_and_drop(size_t depth)
{
    struct tree *tree = tree_build(depth);
    uint64_t count = tree_count(tree);
    tree_drop(tree);
    return count;
}

uint64_t trees(double scale)
{
    uint64_t sum = build_and_drop(DEPTH_MAX + 1);
    struct tree *long_lived = tree_build(DEPTH_MAX);
    for (size_t depth = DEPTH_MIN; depth <= DEPTH_MAX; depth += 2) {
        size_t count = scaled((size_t)1 << (DEPTH_MAX - depth + DEPTH_MIN), scale);
        for (size_t i = 0; i < count; i++) {
            sum += build_and_drop(depth);
        }
    }
    sum += tree_count(long_lived);
    tree_drop(long_lived);
    return sum;
}
