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

static void give(size_t blocks)
{
    while (blocks-- > 0) {
        swing_give(&swing, SIZE);
    }
}

static void ask(size_t blocks)
{
    while (blocks-- > 0) {
        swing_ask(&swing, SIZE);
    }
}

static void what_is_given_and_asked_back_is_room_to_have(void **state)
{
    (void)state;
    give(100);
    ask(100);
    assert_in_range(swing_room(&swing), 100 * SIZE, 200 * SIZE);
}

static void only_what_is_asked_back_counts(void **state)
{
    (void)state;
    give(100);
    assert_int_equal(swing_room(&swing), 0);
    ask(10);
    assert_in_range(swing_room(&swing), 10 * SIZE, 20 * SIZE);
}

static void what_was_never_given_does_not_count(void **state)
{
    (void)state;
    ask(100);
    assert_int_equal(swing_room(&swing), 0);
    give(10);
    ask(100);
    assert_in_range(swing_room(&swing), 10 * SIZE, 20 * SIZE);
}

static void giving_and_asking_in_turn_is_a_small_swing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        give(1);
        ask(1);
    }
    assert_in_range(swing_room(&swing), SIZE, 2 * SIZE);
}

static void the_largest_of_several_swings_counts(void **state)
{
    (void)state;
    give(10);
    ask(10);
    give(50);
    ask(50);
    give(20);
    ask(20);
    assert_in_range(swing_room(&swing), 50 * SIZE, 100 * SIZE);
}

static void a_swing_is_forgotten_in_the_end(void **state)
{
    (void)state;
    give(100);
    ask(100);
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
    give(1000);
    for (size_t i = 0; i < 100; i++) {
        swing_fade(&swing);
    }
    ask(1000);
    assert_true(swing_room(&swing) < SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_given_and_asked_back_is_room_to_have, begin),
        cmocka_unit_test_setup(only_what_is_asked_back_counts, begin),
        cmocka_unit_test_setup(what_was_never_given_does_not_count, begin),
        cmocka_unit_test_setup(giving_and_asking_in_turn_is_a_small_swing, begin),
        cmocka_unit_test_setup(the_largest_of_several_swings_counts, begin),
        cmocka_unit_test_setup(a_swing_is_forgotten_in_the_end, begin),
        cmocka_unit_test_setup(what_was_given_long_ago_is_not_asked_back, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
