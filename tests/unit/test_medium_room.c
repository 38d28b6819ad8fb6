/*
 * The block cache's places: which blocks have them.
 */
#include "medium_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void few_sizes_share_the_room(void **state)
{
    (void)state;
    for (size_t sizes = 1; sizes <= MEDIUM_FEW_BINS; sizes++) {
        fill_with_sizes(sizes);
        assert_in_range(medium.count, medium.room - sizes, medium.room);
        assert_in_range(most_in_a_bin(), medium.room / sizes, medium.room / sizes + 1);
        medium_flush(&medium);
    }
}

static void of_many_sizes_each_has_a_few_places(void **state)
{
    (void)state;
    fill_with_sizes(20);
    size_t share = medium_bin_share(&medium);
    assert_in_range(most_in_a_bin(), share, medium.room / 2 / 20 + share);
    assert_true(medium_has_room(&medium, medium_bin(mb_size_for(60000))));
}

static void there_is_an_end_to_the_room(void **state)
{
    (void)state;
    size_t size = MA_SMALL_MAX + 8;
    while (medium.count < medium.room) {
        add(block_of(size));
        size += 200;
    }
    assert_false(medium_has_room(&medium, medium_bin(mb_size_for(1100))));
    medium_shed(&medium, 0);
    assert_true(medium_has_room(&medium, medium_bin(mb_size_for(30000))));
}

/* Blocks of sizes that are asked for no more take all places, save for those of one bin. */
static void fill_with_stale_blocks(size_t wanted)
{
    for (size_t size = MA_SMALL_MAX + 8; medium.count < medium.room; size += 250) {
        if (medium_bin(mb_size_for(size)) != medium_bin(mb_size_for(wanted))) {
            add(block_of(size));
        }
    }
}

/* The thread asks for `count` blocks of a size, and frees them: how many of these the cache has served, and now has. */
static size_t served_in_turn(size_t size, size_t count)
{
    void *payloads[MEDIUM_ROOM];
    size_t served = 0;
    for (size_t i = 0; i < count; i++) {
        payloads[i] = medium_take(&medium, size);
        served += payloads[i] != NULL;
        payloads[i] = payloads[i] != NULL ? payloads[i] : block_of(size);
    }
    for (size_t i = 0; i < count; i++) {
        size_t freed = block_size(payloads[i]);
        if (medium_has_room(&medium, medium_bin(freed)) || medium_make_room(&medium, freed)) {
            add(payloads[i]);
        } else {
            release(payloads[i]);
        }
    }
    return served;
}

static void what_is_asked_for_no_more_makes_room(void **state)
{
    (void)state;
    fill_with_stale_blocks(5000);
    size_t served = 0;
    for (int round = 0; round < 20; round++) {
        served = served_in_turn(5000, 32);
    }
    assert_int_equal(served, 32);
    assert_true(medium.count <= medium.room);
}

static void what_is_asked_for_stays_when_others_are_freed(void **state)
{
    (void)state;
    served_in_turn(5000, 32);
    fill_with_stale_blocks(5000);
    for (size_t i = 0; i < 100; i++) {
        assert_false(medium_make_room(&medium, mb_size_for(9000))); /* nobody has asked for these */
    }
    assert_int_equal(served_in_turn(5000, 32), 32);
}

static void one_size_makes_room_for_others_that_are_asked_for(void **state)
{
    (void)state;
    while (medium.count < medium.room) {
        add(block_of(5000));
    }
    for (int round = 0; round < 20; round++) {
        served_in_turn(5000, 1);
        served_in_turn(9000, 3);
    }
    assert_int_equal(served_in_turn(9000, 3), 3);
    assert_int_equal(served_in_turn(5000, 80), 80);
}

/* As the core is asked for them: the bin of such a block is the one that such a request looks into. */
#define SIZE medium_round(5000)
#define OTHER medium_round(9000)

/* A thread that frees many before it asks for any again goes on caching them. */
static void what_is_freed_in_a_row_stays_wanted(void **state)
{
    (void)state;
    served_in_turn(SIZE, 1);
    while (medium.count < medium.room) {
        add(block_of(SIZE));
    }
    for (size_t i = 0; i < 100; i++) {
        assert_false(medium_make_room(&medium, mb_size_for(SIZE)));
        assert_true(medium_is_wanted(&medium, medium_bin_for(SIZE)));
    }
}

/* It passes them on to others then. */
static void what_is_freed_for_ever_is_wanted_no_more(void **state)
{
    (void)state;
    served_in_turn(SIZE, 1);
    while (medium.count < medium.room) {
        add(block_of(SIZE));
    }
    for (size_t i = 0; i < 2 * medium.room; i++) {
        medium_make_room(&medium, mb_size_for(SIZE));
    }
    assert_false(medium_is_wanted(&medium, medium_bin_for(SIZE)));
}

static void what_is_wanted_does_not_go_for_its_bytes(void **state)
{
    (void)state;
    served_in_turn(SIZE, 40);
    size_t many = medium.counts[medium_bin_for(SIZE)];
    assert_true(many > medium_bin_share(&medium));
    medium_want(&medium, medium_bin_for(OTHER));
    medium_drop_stale(&medium, mb_size_for(OTHER));
    assert_int_equal(medium.counts[medium_bin_for(SIZE)], many);
    medium_drop_stale(&medium, mb_size_for(OTHER)); /* nobody has asked since */
    assert_int_equal(medium.counts[medium_bin_for(SIZE)], many - 1);
}

static void a_bin_stays_wanted_however_often_the_core_is_asked(void **state)
{
    (void)state;
    medium_want(&medium, medium_bin_for(2000));
    size_t before = 0;
    for (int i = 0; i < 300; i++) {
        size_t count = medium_wanted_count(&medium, 2000, (size_t)1 << 20);
        assert_in_range(count, before, medium.room / 2);
        assert_true(medium_is_wanted(&medium, medium_bin_for(2000)));
        before = count;
    }
    assert_true(before > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEDIUM_TEST(few_sizes_share_the_room),
        MEDIUM_TEST(of_many_sizes_each_has_a_few_places),
        MEDIUM_TEST(there_is_an_end_to_the_room),
        MEDIUM_TEST(what_is_asked_for_no_more_makes_room),
        MEDIUM_TEST(what_is_asked_for_stays_when_others_are_freed),
        MEDIUM_TEST(one_size_makes_room_for_others_that_are_asked_for),
        MEDIUM_TEST(what_is_freed_in_a_row_stays_wanted),
        MEDIUM_TEST(what_is_freed_for_ever_is_wanted_no_more),
        MEDIUM_TEST(what_is_wanted_does_not_go_for_its_bytes),
        MEDIUM_TEST(a_bin_stays_wanted_however_often_the_core_is_asked),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
