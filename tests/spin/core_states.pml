/*
 * The core itself, explored: every state that a heap of few blocks can get into, by every call in every order.
 *
 * The heap is the library's own code (core_states.c). It is restored as it was where the search goes back; two heaps that
 * have the same description are one state. After each step are checked the numbered invariants of docs/invariants.md, that the
 * figures add up, that payloads hold what was written there, and what the call promises.
 */

c_decl {
    \#include "spin/core_states.h"
};
c_track "&states_heap.core" "sizeof(states_heap.core)" "UnMatched";
c_track "&states_heap.bins.sets[0]" "STATES_SET" "UnMatched";
c_track "&states_heap.bins.sets[1]" "STATES_SET" "UnMatched";
c_track "&states_heap.bins.tree" "STATES_AFTER_SETS" "UnMatched";
c_track "states_arena" "STATES_ARENA + MB_HEADER" "UnMatched";
c_track "&states_description" "sizeof(states_description)" "Matched";

/* Requests of these sizes have blocks of 32, 64 and 112 bytes. Bytes. */
#define SMALLEST 24
#define SMALL    56
#define LARGE    100

bool holds = true;

#define STEP(guard, call) \
    :: atomic { c_expr { (guard) } -> c_code { now.holds = call; }; assert(holds) }

#define HAS_ROOM(count) (states_live_count() + (count) <= STATES_LIVE_MAX)

#define FOR_SIZE(size) \
    STEP(HAS_ROOM(1), states_allocate(size)) \
    STEP(HAS_ROOM(1), states_allocate_zeroed(size)) \
    STEP(HAS_ROOM(1), states_allocate_aligned(size)) \
    STEP(HAS_ROOM(1), states_allocate_below_top(size)) \
    STEP(HAS_ROOM(2), states_allocate_two(size))

#define FOR_PAYLOAD(number) \
    STEP(number < states_live_count(), states_free(number)) \
    STEP(number < states_live_count(), states_defer(number)) \
    STEP(states_are_neighbours(number), states_free_two(number)) \
    STEP(number < states_live_count(), states_realloc(number, SMALLEST)) \
    STEP(number < states_live_count(), states_realloc(number, SMALL)) \
    STEP(number < states_live_count(), states_realloc(number, LARGE))

init
{
    if
    :: c_code { states_start(true); }
    :: c_code { states_start(false); }
    fi;
    do
    FOR_SIZE(SMALLEST)
    FOR_SIZE(SMALL)
    FOR_SIZE(LARGE)
    FOR_PAYLOAD(0)
    FOR_PAYLOAD(1)
    FOR_PAYLOAD(2)
    FOR_PAYLOAD(3)
    od
}
