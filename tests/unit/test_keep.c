/*
 * Which blocks are looked behind as they are cached.
 */
#include "medium_fixture.h"

#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TURNS = 8 * THEAP_LIMIT_AGE };

/* Ask for a block and free it, so many times: how often it was looked behind. */
static size_t looks_in_turns(const struct theap *heap, size_t turns)
{
    size_t looks = 0;
    for (; turns > 0; turns--) {
        void *payload = take_or_ask(5000);
        looks += theap_looks_behind(heap);
        keep_or_release(payload);
    }
    return looks;
}

static void a_share_is_looked_behind_after_the_first(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    looks_in_turns(heap, 1); /* it learns what it may cache */
    size_t first = heap->keep_left;
    assert_true(first > THEAP_LIMIT_AGE / 2);
    assert_int_equal(looks_in_turns(heap, first), first);
    assert_in_range(looks_in_turns(heap, TURNS), TURNS / THEAP_LOOK_SHARE - 16,
                    TURNS / THEAP_LOOK_SHARE + 16);
}

static void the_next_thread_begins_anew(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    looks_in_turns(heap, TURNS);
    end_thread(heap);
    assert_ptr_equal(begin_thread(), heap);
    looks_in_turns(heap, 1);
    assert_int_equal(looks_in_turns(heap, heap->keep_left), THEAP_LIMIT_AGE - 1);
}

static void with_checks_all_are_looked_behind(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    options.check = 1;
    looks_in_turns(heap, 1);
    size_t looks = looks_in_turns(heap, TURNS);
    options.check = 0;
    assert_in_range(looks, TURNS - TURNS / THEAP_LIMIT_AGE - 1, TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEDIUM_TEST(a_share_is_looked_behind_after_the_first),
        MEDIUM_TEST(the_next_thread_begins_anew),
        MEDIUM_TEST(with_checks_all_are_looked_behind),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
