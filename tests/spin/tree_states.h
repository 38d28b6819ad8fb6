/*
 * The tree that tree_states.pml explores: the library's own, with the blocks of a few places.
 *
 * Each step is a call, or two that belong together, and a look at what must hold after it: invariant I4, by tree_check(), and that the best
 * fit is the best. False, with a line on stderr: something does not hold.
 */
#ifndef MA_TESTS_SPIN_TREE_STATES_H
#define MA_TESTS_SPIN_TREE_STATES_H

#include "core/tree.h"

/* As many blocks as it takes that one removal has to be balanced at two nodes: the least AVL tree of five levels has twelve. Where
 * each may have either of two sizes, fewer. */
enum { TREE_PLACES = 12, TREE_PLACES_OF_SIZES = 7 };

enum { TREE_SIZES = 2 };

struct states_limits {
    size_t places;
    size_t sizes;
};

/* What is to be restored when the search goes back. What no node uses is zero. */
extern struct states_limits states_limits;
extern struct tree states_tree;
extern void *states_pool;

#define STATES_POOL (TREE_PLACES * TREE_BLOCK_MIN)
#define STATES_AFTER_ROOTS (sizeof(struct tree) - offsetof(struct tree, filled))

/* An empty tree: all places, and blocks of one size; or fewer, and of two. */
void states_start(bool has_sizes);

/* Whether a block of the size with that number can be put in a place, or be made of the one there; whether there is one; and whether there
 * is one that can go to that other place. */
bool states_has_room(size_t place, size_t size_number);
bool states_has_other_size(size_t place, size_t size_number);
bool states_has_block(size_t place);
bool states_can_move(size_t place, size_t to);

bool states_insert(size_t place, size_t size_number);
bool states_remove(size_t place);
bool states_resize(size_t place, size_t size_number);
bool states_move(size_t place, size_t to);

#endif
