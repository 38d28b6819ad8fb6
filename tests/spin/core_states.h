/*
 * The heap that core_states.pml explores: one core with a few blocks in an arena of fixed size, and all that can be asked of it.
 *
 * Each step is one call of the core and a look at what must hold after it: the numbered invariants, by core_check(), that the figures
 * add up, that the payloads hold what was written to them, and what the call promises. False, with a line on stderr: something does
 * not hold.
 */
#ifndef MA_TESTS_SPIN_CORE_STATES_H
#define MA_TESTS_SPIN_CORE_STATES_H

#include "core/core.h"

/* Bytes of all blocks together; payloads at a time; bytes of a description, at most. With STATES_TREES there is room for three large free
 * blocks with two others between them; the bins then end below these, so that they are in the tree. */
#ifdef STATES_TREES
enum { STATES_ARENA = 496, STATES_LIVE_MAX = 5, STATES_DESCRIPTION = 512 };
#else
enum { STATES_ARENA = 336, STATES_LIVE_MAX = 4, STATES_DESCRIPTION = 256 };
#endif

/* What tells one state of the heap from another: each block's size, and whose it is; each free block's links. */
struct states_description {
    size_t length;
    char bytes[STATES_DESCRIPTION];
};

extern struct states_description states_description;

struct states_live {
    char *payload;
    size_t size;
};

/* What is to be restored when the search goes back: all that a step changes, and the arena with the header behind it. */
struct states_heap {
    struct ma_core core;
    struct bins bins;
    struct states_live live[STATES_LIVE_MAX]; /* by address */
    size_t live_count;
};

/* Bytes of a set of bins up to the last bin that a block in the arena can be in; and of the heap from the tree on. */
#define STATES_BINS (STATES_ARENA < MA_BINNED_MAX ? STATES_ARENA / MA_ALIGNMENT : BINS_COUNT)
#define STATES_SET (offsetof(struct bin_set, first) + STATES_BINS * sizeof(struct mem_block *))
#define STATES_AFTER_SETS (sizeof(struct states_heap) - offsetof(struct states_heap, bins.tree))

extern struct states_heap states_heap;
extern void *states_arena;

/* `has_top`: the arena ends the heap, which cannot grow. Else it lies between used blocks. */
void states_start(bool has_top);
size_t states_live_count(void);

bool states_allocate(size_t size);
bool states_allocate_zeroed(size_t size);
bool states_allocate_aligned(size_t size);
bool states_allocate_below_top(size_t size);
bool states_allocate_two(size_t size);
bool states_free(size_t number);
bool states_defer(size_t number);
bool states_are_neighbours(size_t number);
bool states_free_two(size_t number);
bool states_realloc(size_t number, size_t size);

#endif
