/*
 * Purging: which pages of free blocks go back, when, and what is known of them then.
 */
#include "base/options.h"

#include "support/core_fixture.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static int setup(void **state)
{
    options.dirty_max = SIZE_MAX;
    options.decay_ms = MA_DECAY;
    return fixture_setup(state);
}

static size_t dirty_bytes(const struct ma_core *core)
{
    return core->bins->dirty.amount;
}

/* `bytes` of memory between other blocks, all of it written to, free. */
static void make_hole(struct ma_core *core, size_t bytes)
{
    char *payload = alloc_walled(core, bytes);
    memset(payload, 0xee, bytes);
    core_free(core, payload);
}

/* Use the core a little, so that it looks at the clock, and does what is due. */
static void look_at_the_clock(struct ma_core *core)
{
    for (int i = 0; i < 100; i++) {
        core_free(core, core_alloc(core, 24));
    }
}

/* Let some time pass in which no page is needed. */
static void idle(struct ma_core *core, uint64_t milliseconds)
{
    look_at_the_clock(core);
    fake_os_sleep(milliseconds);
    look_at_the_clock(core);
}

/* ---- When ---- */

static void few_free_pages_stay_for_a_while(void **state)
{
    struct ma_core *core = core_of(state);
    make_hole(core, MA_DIRTY_MIN / 2);
    idle(core, MA_DECAY - 1);
    assert_int_equal(fake_os_purged(), 0);
    assert_in_range(dirty_bytes(core), MA_DIRTY_MIN / 2 - 2 * MA_PAGE,
                    MA_DIRTY_MIN / 2 + MA_GRANULE);
}

static void what_exceeds_the_ceiling_goes_back_soon(void **state)
{
    struct ma_core *core = core_of(state);
    void *payloads[20];
    for (size_t i = 0; i < COUNT_OF(payloads); i++) {
        payloads[i] = alloc_walled(core, i % 2 == 0 ? 300 * KIB : 40 * KIB);
    }
    for (size_t i = 0; i < COUNT_OF(payloads); i++) {
        core_free(core, payloads[i]);
    }
    assert_int_equal(fake_os_purged(), 0);
    idle(core, MA_PURGE_PAUSE);
    assert_in_range(dirty_bytes(core), MA_DIRTY_MIN / 2, MA_DIRTY_MIN);
}

static void the_ceiling_is_a_share_of_what_is_live(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 2 * MA_DIRTY_SHARE * MA_DIRTY_MIN);
    make_hole(core, 3 * MA_DIRTY_MIN / 2);
    idle(core, MA_PURGE_PAUSE);
    assert_int_equal(fake_os_purged(), 0);
    void *wall = core_alloc(core, 2 * MA_DIRTY_MIN);
    core_alloc(core, 24);
    core_free(core, wall);
    idle(core, MA_PURGE_PAUSE);
    assert_in_range(dirty_bytes(core), MA_DIRTY_MIN, 2 * MA_DIRTY_MIN);
}

static void what_is_set_as_the_most_is_the_most(void **state)
{
    struct ma_core *core = core_of(state);
    options.dirty_max = 0;
    make_hole(core, 200 * KIB);
    make_hole(core, 20 * KIB);
    assert_int_equal(dirty_bytes(core), 0);
}

static void small_holes_go_back_too(void **state)
{
    enum { HOLES = 400 };
    struct ma_core *core = core_of(state);
    void *holes[HOLES];
    for (int i = 0; i < HOLES; i++) {
        holes[i] = alloc_walled(core, 16 * KIB);
    }
    for (int i = 0; i < HOLES; i++) {
        core_free(core, holes[i]);
    }
    idle(core, MA_PURGE_PAUSE); /* from here on nothing is needed */
    idle(core, MA_PURGE_PAUSE);
    assert_true(dirty_bytes(core) <= MA_DIRTY_MIN);
    assert_true(fake_os_purged() >= HOLES * 8 * KIB - MA_DIRTY_MIN);
}

static void pages_that_nobody_needs_for_long_go_back(void **state)
{
    struct ma_core *core = core_of(state);
    make_hole(core, 500 * KIB);
    idle(core, MA_DECAY);
    assert_true(dirty_bytes(core) <= 2 * MA_PAGE); /* what the looks took from it */
}

static void pages_that_are_needed_again_and_again_stay(void **state)
{
    struct ma_core *core = core_of(state);
    for (int i = 0; i < 20; i++) {
        make_hole(core, 500 * KIB); /* the same */
        look_at_the_clock(core);
        fake_os_sleep(MA_DECAY / 2);
    }
    assert_true(fake_os_purged() < 100 * KIB); /* of what is beside them */
}

/* It is out of the bins for a moment whenever a neighbour is freed: it was not needed for that. */
static void a_hole_that_others_are_merged_with_goes_back(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = core_alloc(core, 8 * MIB);
    char *neighbours[100];
    for (size_t i = 0; i < COUNT_OF(neighbours); i++) {
        neighbours[i] = core_alloc(core, 16 * KIB);
    }
    alloc_walled(core, 16);
    memset(hole, 0xee, 8 * MIB);
    core_free(core, hole);
    for (size_t i = 0; i < COUNT_OF(neighbours); i++) {
        core_free(core, neighbours[i]);
        look_at_the_clock(core);
        fake_os_sleep(MA_DECAY / 10);
    }
    assert_true(fake_os_purged() >= 7 * MIB);
}

static void a_trim_returns_all_there_is(void **state)
{
    struct ma_core *core = core_of(state);
    void *large = alloc_walled(core, 500 * KIB);
    void *small = alloc_walled(core, 20 * KIB);
    core_free(core, large);
    core_free(core, small);
    assert_true(core_trim(core, 0));
    assert_int_equal(dirty_bytes(core), 0);
    assert_in_range(fake_os_purged(), 500 * KIB, 520 * KIB);
    assert_false(core_trim(core, 0));
}

/* Have a dirty top of `size` bytes: too few to be trimmed. */
static void make_small_top(struct ma_core *core, size_t size)
{
    core_alloc(core, MIB);
    core_alloc(core, mb_size(tail_of(core)) - size - MB_OVERHEAD);
    char *last = core_alloc(core, size - MB_OVERHEAD);
    memset(last, 0xee, size - MB_OVERHEAD);
    core_free(core, last);
    assert_int_equal(mb_size(tail_of(core)), size);
}

static void a_top_that_is_too_small_to_trim_is_purged(void **state)
{
    struct ma_core *core = core_of(state);
    make_small_top(core, MA_GRANULE - MA_PAGE);
    assert_true(core_trim(core, 0));
    assert_int_equal(dirty_bytes(core), 0);
    assert_in_range(fake_os_purged(), MA_GRANULE - 4 * MA_PAGE, MA_GRANULE);
}

static void a_small_top_is_purged_when_it_was_not_needed_for_long(void **state)
{
    struct ma_core *core = core_of(state);
    make_hole(core, 24); /* for what idle() allocates */
    make_small_top(core, MA_GRANULE / 2);
    idle(core, 2 * MA_DECAY);
    idle(core, 2 * MA_DECAY);
    assert_in_range(fake_os_purged(), MA_GRANULE / 2 - 4 * MA_PAGE, MA_GRANULE / 2);
}

static void where_purging_is_refused_the_heap_does_without(void **state)
{
    struct ma_core *core = core_of(state);
    fake_os_refuse_purge(true);
    options.dirty_max = 0;
    make_hole(core, 500 * KIB);
    make_hole(core, 20 * KIB);
    assert_true(payload_is_zero(core_alloc_zeroed(core, 400 * KIB), 400 * KIB));
    assert_int_equal(core_check(core), 0);
}

/* ---- What is known to be zero ---- */

static void purged_memory_is_not_cleared_again(void **state)
{
    struct ma_core *core = core_of(state);
    options.dirty_max = 0;
    make_hole(core, 500 * KIB);
    size_t before = core->heap_bytes;
    size_t cleared = core->cleared_bytes;
    char *zeroed = core_alloc_zeroed(core, 400 * KIB);
    assert_true(payload_is_zero(zeroed, 400 * KIB));
    assert_int_equal(core->heap_bytes, before);
    assert_true(core->cleared_bytes - cleared <= TREE_BLOCK_MIN);
}

static void a_purged_hole_that_was_used_in_part_is_purged_in_that_part(void **state)
{
    struct ma_core *core = core_of(state);
    options.dirty_max = 0;
    make_hole(core, MIB);
    size_t before = fake_os_purged();
    char *payload = core_alloc(core, 100 * KIB);
    memset(payload, 0xee, 100 * KIB);
    core_free(core, payload);
    assert_in_range(fake_os_purged() - before, 96 * KIB, 108 * KIB);
    assert_true(payload_is_zero(core_alloc_zeroed(core, MIB - KIB), MIB - KIB));
}

/* Blocks of all sizes come, grow, shrink, are written to all over and go, with purges in between: zeroed ones are
 * zero, and the check finds all blank parts so. */
static void I9_what_counts_as_blank_is_zero(void **state)
{
    enum { SLOTS = 64, STEPS = 600 };
    struct ma_core *core = core_of(state);
    char *slots[SLOTS] = {NULL};
    uint64_t random = 7;
    options.dirty_max = 512 * KIB;
    for (int step = 0; step < STEPS; step++) {
        size_t i = random_below(&random, SLOTS);
        size_t size = random_below(&random, random_below(&random, 4) == 0 ? 400 * KIB : 20 * KIB);
        switch (random_below(&random, 5)) {
        case 0:
            slots[i] = core_realloc(core, slots[i] != NULL ? slots[i] : core_alloc(core, 1), size);
            break;
        case 1:
            if (slots[i] != NULL) {
                core_free(core, slots[i]);
                slots[i] = NULL;
            }
            core_trim(core, size);
            break;
        default:
            if (slots[i] != NULL) {
                core_free(core, slots[i]);
            }
            slots[i] = core_alloc_zeroed(core, size);
            assert_true(payload_is_zero(slots[i], size));
        }
        if (slots[i] != NULL) {
            memset(slots[i], 0xee, core_usable_size(slots[i], "test"));
        }
        if (step % 16 == 0) {
            assert_int_equal(core_check(core), 0);
        }
    }
    assert_true(fake_os_purged() > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(few_free_pages_stay_for_a_while),
        TEST(what_exceeds_the_ceiling_goes_back_soon),
        TEST(the_ceiling_is_a_share_of_what_is_live),
        TEST(what_is_set_as_the_most_is_the_most),
        TEST(small_holes_go_back_too),
        TEST(pages_that_nobody_needs_for_long_go_back),
        TEST(pages_that_are_needed_again_and_again_stay),
        TEST(a_hole_that_others_are_merged_with_goes_back),
        TEST(a_trim_returns_all_there_is),
        TEST(a_top_that_is_too_small_to_trim_is_purged),
        TEST(a_small_top_is_purged_when_it_was_not_needed_for_long),
        TEST(where_purging_is_refused_the_heap_does_without),
        TEST(purged_memory_is_not_cleared_again),
        TEST(a_purged_hole_that_was_used_in_part_is_purged_in_that_part),
        TEST(I9_what_counts_as_blank_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
