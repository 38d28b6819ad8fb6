/*
 * The swing of what a thread has.
 */
#include "front/swing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIZE = 1000 };

static struct swing swing;

static int begin(void **state)
{
    (void)state;
    swing = (struct swing){0};
    return 0;
}

/* For a cache that holds so many blocks. */
static void give(size_t blocks, size_t held)
{
    while (blocks-- > 0) {
        swing_give(&swing, held * SIZE, SIZE);
    }
}

static void ask(size_t blocks, size_t held)
{
    while (blocks-- > 0) {
        swing_ask(&swing, held * SIZE, SIZE);
    }
}

static void assert_room_for(size_t blocks)
{
    assert_in_range(swing_room(&swing), blocks * SIZE, blocks * SIZE * 3 / 2);
}

static void what_is_given_and_asked_back_is_room_to_have(void **state)
{
    (void)state;
    give(100, 0);
    ask(100, 0);
    assert_room_for(100);
}

static void so_is_what_the_cache_held_and_holds_no_more(void **state)
{
    (void)state;
    give(100, 50);
    ask(1, 0);
    assert_room_for(51);
    ask(99, 0);
    assert_room_for(150);
}

static void what_leaves_the_cache_unasked_is_not_asked_back(void **state)
{
    (void)state;
    give(1, 100);
    swing_evict(&swing, (size_t)90 * SIZE);
    ask(1, 10);
    assert_room_for(1);
    ask(90, 10);
    assert_room_for(91);
}

static void only_what_is_asked_back_counts(void **state)
{
    (void)state;
    give(100, 0);
    assert_int_equal(swing_room(&swing), 0);
    ask(10, 0);
    assert_room_for(10);
}

static void what_was_never_given_does_not_count(void **state)
{
    (void)state;
    ask(100, 0);
    assert_int_equal(swing_room(&swing), 0);
    give(10, 0);
    ask(100, 0);
    assert_room_for(10);
}

static void giving_and_asking_in_turn_is_a_small_swing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        give(1, 500);
        ask(1, 500);
    }
    assert_room_for(1);
}

static void the_largest_of_several_swings_counts(void **state)
{
    (void)state;
    give(10, 0);
    ask(10, 0);
    give(50, 0);
    ask(50, 0);
    for (size_t i = 0; i < 10; i++) {
        swing_fade(&swing);
    }
    size_t room = swing_room(&swing);
    give(20, 0);
    ask(20, 0);
    assert_int_equal(swing_room(&swing), room);
}

static void a_swing_is_forgotten_in_the_end(void **state)
{
    (void)state;
    give(100, 0);
    ask(100, 0);
    size_t room = swing_room(&swing);
    swing_fade(&swing);
    assert_true(swing_room(&swing) < room);
    assert_true(swing_room(&swing) > room / 2);
    for (size_t i = 0; i < 1000; i++) {
        swing_fade(&swing);
    }
    assert_true(swing_room(&swing) < SIZE);
}

/* A thread that frees what others allocate gives for ever. */
static void what_was_given_long_ago_is_not_asked_back(void **state)
{
    (void)state;
    give(1000, 0);
    for (size_t i = 0; i < 100; i++) {
        swing_fade(&swing);
    }
    ask(1000, 0);
    assert_true(swing_room(&swing) < SIZE);
}

/* The cache grows with what is found, so that less and less of it is given. */
static void a_swing_that_stays_the_same_has_room_in_the_end(void **state)
{
    (void)state;
    enum { SWING = 1000, LEAST = 100 };
    size_t limit = LEAST;
    for (int turn = 0; turn < 1000; turn++) {
        for (size_t held = 0; held < SWING; held++) {
            if (held >= limit) {
                give(1, limit);
            }
            if (held % 256 == 255) {
                swing_fade(&swing);
                limit = bits_max(LEAST, swing_room(&swing) / SIZE);
            }
        }
        ask(SWING > limit ? SWING - limit : 0, 0);
    }
    assert_in_range(limit, SWING * 3 / 4, SWING * 3 / 2);
}

static void what_was_regretted_spares_as_much_once(void **state)
{
    (void)state;
    assert_false(swing_spares(&swing, SIZE));
    swing_regret(&swing, SIZE);
    swing_regret(&swing, SIZE);
    assert_false(swing_spares(&swing, 3 * SIZE));
    assert_true(swing_spares(&swing, SIZE));
    assert_true(swing_spares(&swing, SIZE));
    assert_false(swing_spares(&swing, SIZE));
}

static void a_regret_is_forgotten_in_the_end(void **state)
{
    (void)state;
    swing_regret(&swing, 100 * SIZE);
    swing_fade(&swing);
    assert_true(swing_spares(&swing, 80 * SIZE));
    swing_regret(&swing, 100 * SIZE);
    for (int i = 0; i < 60; i++) {
        swing_fade(&swing);
    }
    assert_false(swing_spares(&swing, SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_given_and_asked_back_is_room_to_have, begin),
        cmocka_unit_test_setup(so_is_what_the_cache_held_and_holds_no_more, begin),
        cmocka_unit_test_setup(what_leaves_the_cache_unasked_is_not_asked_back, begin),
        cmocka_unit_test_setup(only_what_is_asked_back_counts, begin),
        cmocka_unit_test_setup(what_was_never_given_does_not_count, begin),
        cmocka_unit_test_setup(giving_and_asking_in_turn_is_a_small_swing, begin),
        cmocka_unit_test_setup(the_largest_of_several_swings_counts, begin),
        cmocka_unit_test_setup(a_swing_is_forgotten_in_the_end, begin),
        cmocka_unit_test_setup(what_was_given_long_ago_is_not_asked_back, begin),
        cmocka_unit_test_setup(a_swing_that_stays_the_same_has_room_in_the_end, begin),
        cmocka_unit_test_setup(what_was_regretted_spares_as_much_once, begin),
        cmocka_unit_test_setup(a_regret_is_forgotten_in_the_end, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
