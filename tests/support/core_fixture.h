/*
 * Two cores over a fresh pretended system, for the tests of src/core/.
 *
 * The teardown runs the heap checker over both and compares their figures with
 * what the space holds, unless the test said that it broke the heap.
 */
#ifndef MA_TESTS_SUPPORT_CORE_FIXTURE_H
#define MA_TESTS_SUPPORT_CORE_FIXTURE_H

#include "core/core_locked.h"
#include "support/core_alloc.h"

/* Setup and teardown of one CMocka test. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Begin anew, after a knob of the pretended system was turned that counts at the start. */
void fixture_restart(void **state);

/* The core under test, and a second one in the same space. */
struct ma_core *core_of(void **state);
struct ma_core *second_core_of(void **state);

/* This test breaks the heap on purpose: the teardown does not look at it. */
void fixture_heap_is_broken(void **state);

/* Write a pattern that depends on `seed`: all bytes near both ends, some in between. */
void payload_fill(void *payload, size_t size, unsigned seed);

/* Whether the first `size` bytes of a payload that was filled with `filled` bytes are as
 * they were. */
bool payload_holds(const void *payload, size_t filled, size_t size, unsigned seed);

bool payload_is_zero(const void *payload, size_t size);

/* A core's own figures. */
struct ma_stats figures_of(struct ma_core *core);

/* Whether the figures of all cores together are what the space holds, as ma_stats() promises. */
bool figures_add_up(const struct ma_stats *stats);

size_t segment_count_of(struct ma_core *core);

/* The free block at the end of the growing segment, or NULL. */
struct mem_block *tail_of(const struct ma_core *core);

/* Take the whole tail as one payload, so that the growing segment ends in a used block. */
void *use_up_tail(struct ma_core *core);

/* Allocate `size` bytes and behind them a small payload, which keeps them apart from
 * what follows when they are released. */
void *alloc_walled(struct ma_core *core, size_t size);

/* The number of items in an array. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Let the time pass after which a top that is not needed goes back, and use the core a little. */
void core_age_top(struct ma_core *core);

#endif
