/*
 * The quarantine: in which order released blocks go, when, and what is noticed of those that wait.
 */
#include "check/quarantine.h"

#include "base/options.h"
#include "support/core_fixture.h"
#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIZE = 1000, COUNT = 20 };

static struct checked *released(void **state)
{
    size_t room = 0;
    assert_true(checked_room(16, SIZE, false, &room));
    void *base = core_alloc(core_of(state), room);
    assert_non_null(base);
    struct checked *c = checked_of(checked_make(base, 16, SIZE, false, 0));
    checked_release(c);
    checked_fill(c);
    return c;
}

static void give_back(void **state, struct checked *c)
{
    void *base = checked_base(c);
    checked_retire(c);
    core_free(core_of(state), base);
}

static int setup(void **state)
{
    int result = fixture_setup(state);
    options.quarantine = COUNT / 2 * SIZE;
    quarantine_start();
    return result;
}

static int teardown(void **state)
{
    for (struct checked *c = quarantine_take(); c != NULL; c = quarantine_take()) {
        give_back(state, c);
    }
    return fixture_teardown(state);
}

static void the_oldest_go_first_once_the_bound_is_exceeded(void **state)
{
    struct checked *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = released(state);
        struct checked *old = quarantine_put(blocks[i], SIZE);
        assert_ptr_equal(old, i < COUNT / 2 ? NULL : blocks[i - COUNT / 2]);
        if (old != NULL) {
            give_back(state, old);
        }
        assert_null(quarantine_take_surplus());
    }
}

static void what_exceeds_the_bound_alone_does_not_stay(void **state)
{
    struct checked *c = released(state);
    assert_ptr_equal(quarantine_put(c, options.quarantine + 1), c);
    assert_null(quarantine_take());
    give_back(state, c);
}

static void a_large_block_makes_many_small_ones_go(void **state)
{
    for (size_t i = 0; i < COUNT / 2; i++) {
        assert_null(quarantine_put(released(state), SIZE));
    }
    struct checked *old = quarantine_put(released(state), COUNT / 2 * SIZE);
    size_t gone = 0;
    for (; old != NULL; old = quarantine_take_surplus()) {
        give_back(state, old);
        gone++;
    }
    assert_int_equal(gone, COUNT / 2);
}

static void look(void *unused)
{
    (void)unused;
    quarantine_check();
}

static void take(void *unused)
{
    (void)unused;
    quarantine_take();
}

static void a_write_to_a_waiting_block_is_noticed(void **state)
{
    struct checked *c = released(state);
    quarantine_put(c, SIZE);
    quarantine_check();
    char *byte = (char *)checked_payload(c) + 10;
    *byte ^= 1;
    assert_aborts(look, NULL, "written to at byte 10 after it was freed");
    assert_aborts(take, NULL, "written to at byte 10 after it was freed");
    *byte ^= 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_go_first_once_the_bound_is_exceeded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_exceeds_the_bound_alone_does_not_stay, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_large_block_makes_many_small_ones_go, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_to_a_waiting_block_is_noticed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
