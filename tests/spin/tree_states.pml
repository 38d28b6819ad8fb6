/*
 * The tree of large free blocks, explored: every shape that it can get into with the blocks of a few places, by every call in every order.
 *
 * The tree is the library's own code (tree_states.c). After each step are checked invariant I4 of docs/invariants.md, and that the tree finds
 * what a look at all blocks does.
 */

c_decl {
    \#include "spin/tree_states.h"
};
c_track "&states_limits" "sizeof(states_limits)" "Matched";
c_track "states_pool" "STATES_POOL" "Matched";
c_track "&states_tree.roots[0]" "sizeof(states_tree.roots[0])" "Matched";
c_track "&states_tree.filled" "STATES_AFTER_ROOTS" "Matched";

bool holds = true;

#define STEP(guard, call) \
    :: atomic { c_expr { (guard) } -> c_code { now.holds = call; }; assert(holds) }

#define FOR_PLACE_AND_SIZE(place, size) \
    STEP(states_has_room(place, size), states_insert(place, size)) \
    STEP(states_has_other_size(place, size), states_resize(place, size))

#define FOR_PLACE(place) \
    FOR_PLACE_AND_SIZE(place, 0) \
    FOR_PLACE_AND_SIZE(place, 1) \
    STEP(states_has_block(place), states_remove(place)) \
    STEP(states_can_move(place, (place) + 1), states_move(place, (place) + 1)) \
    STEP((place) > 0 && states_can_move(place, (place) - 1), states_move(place, (place) - 1))

init
{
    if
    :: c_code { states_start(true); }
    :: c_code { states_start(false); }
    fi;
    do
    FOR_PLACE(0)
    FOR_PLACE(1)
    FOR_PLACE(2)
    FOR_PLACE(3)
    FOR_PLACE(4)
    FOR_PLACE(5)
    FOR_PLACE(6)
    FOR_PLACE(7)
    FOR_PLACE(8)
    FOR_PLACE(9)
    FOR_PLACE(10)
    FOR_PLACE(11)
    od
}
