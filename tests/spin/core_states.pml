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

bool holds = true;

#define STEP(guard, call) \
    :: atomic { c_expr { (guard) } -> c_code { now.holds = call; }; assert(holds) }

#define HAS_ROOM(count) (states_live_count() + (count) <= STATES_LIVE_MAX)

#define FOR_SIZE(size) \
    STEP(HAS_ROOM(1), states_allocate(size)) \
    STEP(HAS_ROOM(2), states_allocate_two(size))

#define FOR_PAYLOAD(number) \
    STEP(number < states_live_count(), states_free(number)) \
    STEP(states_are_neighbours(number), states_free_two(number))

#define TO_SIZE(number, size) \
    STEP(number < states_live_count(), states_realloc(number, size))

#ifdef STATES_TREES

/* Requests of these sizes have blocks of 32 and 144 bytes, of which the latter are in the tree. Bytes. */
#define SMALL 24
#define LARGE 136

#define FOR_PAYLOAD_AND_SIZES(number) FOR_PAYLOAD(number) TO_SIZE(number, SMALL) TO_SIZE(number, LARGE)

#define ALL_CALLS \
    FOR_SIZE(SMALL) \
    FOR_SIZE(LARGE) \
    FOR_PAYLOAD_AND_SIZES(0) \
    FOR_PAYLOAD_AND_SIZES(1) \
    FOR_PAYLOAD_AND_SIZES(2) \
    FOR_PAYLOAD_AND_SIZES(3) \
    FOR_PAYLOAD_AND_SIZES(4)

#else

/* These have blocks of 32, 64 and 112 bytes. */
#define SMALLEST 24
#define SMALL    56
#define LARGE    100

#define FOR_SIZE_AND_MORE(size) \
    FOR_SIZE(size) \
    STEP(HAS_ROOM(1), states_allocate_zeroed(size)) \
    STEP(HAS_ROOM(1), states_allocate_aligned(size)) \
    STEP(HAS_ROOM(1), states_allocate_below_top(size))

#define FOR_PAYLOAD_AND_MORE(number) \
    FOR_PAYLOAD(number) \
    STEP(number < states_live_count(), states_defer(number)) \
    TO_SIZE(number, SMALLEST) \
    TO_SIZE(number, SMALL) \
    TO_SIZE(number, LARGE)

#define ALL_CALLS \
    FOR_SIZE_AND_MORE(SMALLEST) \
    FOR_SIZE_AND_MORE(SMALL) \
    FOR_SIZE_AND_MORE(LARGE) \
    FOR_PAYLOAD_AND_MORE(0) \
    FOR_PAYLOAD_AND_MORE(1) \
    FOR_PAYLOAD_AND_MORE(2) \
    FOR_PAYLOAD_AND_MORE(3)

#endif

init
{
    if
    :: c_code { states_start(true); }
    :: c_code { states_start(false); }
    fi;
    do
    ALL_CALLS
    od
}
