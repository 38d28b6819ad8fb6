/*
 * A block cache by itself over a pretended system, and blocks of the core to put into it.
 */
#ifndef MA_TESTS_UNIT_MEDIUM_FIXTURE_H
#define MA_TESTS_UNIT_MEDIUM_FIXTURE_H

#include "front_fixture.h"

extern struct medium medium;

/* Setup of one test: an empty cache. Teardown: what is cached goes back to the core. */
int medium_setup(void **state);
int medium_teardown(void **state);

#define MEDIUM_TEST(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, medium_setup, medium_teardown)

/* A payload of the core, as a request of `size` bytes gets it. */
void *block_of(size_t size);

/* Put a payload in the cache. */
void add(void *payload);

/* Add blocks of `count` sizes in turn, as long as there is room for any. */
void fill_with_sizes(size_t count);

/* The blocks of the bin that has most. */
size_t most_in_a_bin(void);

/* Ask for a payload, as the calling thread does that has a heap: what it has cached serves first. */
void *take_or_ask(size_t size);

/* Free a payload of the core, as the calling thread does that has a heap. */
void keep_or_release(void *payload);

/* The size of a payload's block. */
size_t block_size(const void *payload);

#endif
