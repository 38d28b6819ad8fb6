/*
 * Blocks that go to the core, or come from it, several at a time.
 */
#include "medium_fixture.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { COUNT = 12 };

static void *payloads[COUNT];

/* Blocks that lie one behind the other, of different sizes. */
static int take_neighbours(void **state)
{
    for (size_t i = 0; i < COUNT; i++) {
        payloads[i] = block_of(1500 + 200 * i);
        assert_true(i == 0 ||
                    mb_next(mb_of_payload(payloads[i - 1])) == mb_of_payload(payloads[i]));
    }
    return medium_setup(state);
}

#define NEIGHBOURS_TEST(function)                                                                  \
    cmocka_unit_test_setup_teardown(function, take_neighbours, medium_teardown)

static bool release_to_run(void *payload)
{
    bool is_held = medium_release(&medium, mb_of_payload(payload), block_size(payload), SIZE_MAX);
    if (!is_held) {
        release(payload);
    }
    return is_held;
}

static void what_is_released_in_order_goes_back_as_one(void **state)
{
    (void)state;
    size_t live = core_live_count();
    size_t bytes = 0;
    assert_false(release_to_run(payloads[0])); /* nobody knows yet */
    for (size_t i = 1; i < COUNT; i++) {
        bytes += block_size(payloads[i]);
        assert_true(release_to_run(payloads[i]));
    }
    assert_int_equal(medium.run.count, COUNT - 1);
    assert_int_equal(medium_all_bytes(&medium), bytes);
    assert_int_equal(core_live_count(), live - 1);
    medium_give_run(&medium);
    assert_int_equal(medium_all_bytes(&medium), 0);
    assert_int_equal(core_live_count(), live - COUNT);
}

static void what_is_released_backwards_goes_back_as_one(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (size_t i = COUNT; i-- > 0;) {
        assert_int_equal(release_to_run(payloads[i]), i < COUNT - 1);
    }
    assert_int_equal(medium.run.count, COUNT - 1);
    medium_give_run(&medium);
    assert_int_equal(core_live_count(), live - COUNT);
}

static void what_lies_elsewhere_sends_the_run_back(void **state)
{
    (void)state;
    size_t live = core_live_count();
    release_to_run(payloads[0]);
    release_to_run(payloads[1]);
    release_to_run(payloads[2]);
    assert_int_equal(medium.run.count, 2);
    assert_false(release_to_run(payloads[7]));
    assert_int_equal(medium.run.count, 0);
    assert_int_equal(core_live_count(), live - 4);
    for (size_t i = 3; i < COUNT; i++) {
        release_to_run(i == 7 ? block_of(20) : payloads[i]);
    }
}

static void a_run_stays_small(void **state)
{
    (void)state;
    void *many[400];
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        many[i] = block_of(i < 200 ? 24 : 3000);
    }
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        release_to_run(many[i]);
        assert_true(medium.run.count <= MEDIUM_RUN_COUNT);
        assert_true(medium_all_bytes(&medium) <= MEDIUM_RUN_BYTES);
    }
    for (size_t i = 0; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
}

/* A thread of many holds little. */
static void a_run_stays_within_the_threads_share(void **state)
{
    (void)state;
    enum { LIMIT = 5000 };
    for (size_t i = 0; i < COUNT; i++) {
        if (!medium_release(&medium, mb_of_payload(payloads[i]), block_size(payloads[i]), LIMIT)) {
            release(payloads[i]);
        }
        assert_true(medium_all_bytes(&medium) <= LIMIT);
    }
    assert_int_equal(medium_wanted_count(&medium, 2000, LIMIT), 1);
    assert_int_equal(medium_wanted_count(&medium, 2000, LIMIT), 1);
    assert_in_range(medium_wanted_count(&medium, 2000, LIMIT), 1, LIMIT / 2000);
    assert_in_range(medium_wanted_count(&medium, 2000, SIZE_MAX), 3, MA_CACHE_FLUSH / 2000);
}

static void what_waits_is_free_in_the_figures(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    struct ma_stats before = front_stats();
    for (size_t i = 0; i < 3; i++) {
        if (!medium_release(&heap->medium, mb_of_payload(payloads[i]), block_size(payloads[i]),
                            SIZE_MAX)) {
            release(payloads[i]);
        }
    }
    struct ma_stats after = front_stats();
    assert_int_equal(heap->medium.run.count, 2);
    assert_int_equal(before.live_count - after.live_count, 3);
    assert_int_equal(after.cached_bytes - before.cached_bytes,
                     block_size(payloads[1]) + block_size(payloads[2]));
    medium_flush(&heap->medium);
    assert_int_equal(front_stats().cached_bytes, before.cached_bytes);
    end_thread(heap);
    for (size_t i = 3; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
}

static void free_again(void *payload)
{
    (void)medium_block_of(space_segment_of(payload), payload, "free");
}

static void what_waits_is_not_freed_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
    assert_aborts(free_again, payloads[1], "double free");
    assert_aborts(free_again, payloads[COUNT - 1], "double free");
    medium_give_run(&medium);
    assert_aborts(free_again, payloads[5], "double free");
}

static void overwrite_and_give(void *payload)
{
    memset(payload, 0x5a, 16);
    medium_give_run(&medium);
}

static void overflow_and_give(void *payload)
{
    memset(payload, 0x5a, mb_usable(mb_of_payload(payload)) + 8);
    medium_give_run(&medium);
}

static void what_is_written_to_while_it_waits_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
    assert_aborts(overwrite_and_give, payloads[4], "written to after it was freed");
    assert_aborts(overflow_and_give, payloads[4], "corrupted");
}

static void another_thread_takes_what_waits(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (size_t i = 0; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
    struct object *chain = medium_take_all(&medium, NULL);
    assert_int_equal(length_of(chain), COUNT - 1);
    assert_int_equal(medium_all_bytes(&medium), 0);
    cores_free_chain(chain);
    assert_int_equal(core_live_count(), live - COUNT);
}

/* A thread vanished while it was about to enter the last one. */
static void a_forked_child_saves_what_waits(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (size_t i = 0; i < COUNT; i++) {
        release_to_run(payloads[i]);
    }
    ((struct object *)payloads[COUNT - 1])->mark = 0;
    medium_salvage(&medium);
    assert_int_equal(medium.run.count, 0);
    assert_int_equal(core_live_count(), live - COUNT + 1);
    release(payloads[COUNT - 1]);
}

/* What a thread with an empty cache gets for `count` requests, and how often it asks the core. */
static size_t asked_in_turn(size_t size, size_t count, void **taken)
{
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        taken[i] = front_take(size);
        if (taken[i] == NULL) {
            size_t wanted = front_wanted_count(medium_round(size));
            taken[i] = cores_alloc_run(medium_round(size), &wanted);
            assert_non_null(taken[i]);
            front_keep_run(mb_payload(mb_next(mb_of_payload(taken[i]))), wanted - 1);
            asked++;
        }
    }
    return asked;
}

static void who_asks_for_many_is_given_several_at_a_time(void **state)
{
    (void)state;
    void *taken[100];
    struct theap *heap = begin_thread();
    assert_in_range(asked_in_turn(2000, 100, taken), 2, 25);
    assert_true(heap->medium.bytes <= MA_CACHE_FLUSH);
    size_t neighbours = 0;
    for (size_t i = 0; i < 100; i++) {
        assert_true(mb_usable(mb_of_payload(taken[i])) >= 2000);
        memset(taken[i], 0xab, 2000);
        neighbours += i > 0 && mb_next(mb_of_payload(taken[i - 1])) == mb_of_payload(taken[i]);
    }
    assert_true(neighbours >= 90); /* in the order of addresses */
    for (size_t i = 0; i < 100; i++) {
        release(taken[i]);
    }
    medium_flush(&heap->medium);
    end_thread(heap);
    for (size_t i = 0; i < COUNT; i++) {
        release(payloads[i]);
    }
}

/* A hole that holds two, and nothing behind it but the top: the best fit goes first. */
static void several_come_from_the_best_fit_only(void **state)
{
    (void)state;
    void *hole = block_of(4200);
    void *behind = block_of(24);
    struct mem_block *b = mb_of_payload(hole);
    release(hole);
    size_t count = 8;
    void *first = cores_alloc_run(medium_round(2000), &count);
    assert_ptr_equal(mb_of_payload(first), b);
    assert_int_equal(count, 2);
    release(mb_payload(mb_next(b)));
    release(first);
    release(behind);
    for (size_t i = 0; i < COUNT; i++) {
        release(payloads[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEIGHBOURS_TEST(what_is_released_in_order_goes_back_as_one),
        NEIGHBOURS_TEST(what_is_released_backwards_goes_back_as_one),
        NEIGHBOURS_TEST(what_lies_elsewhere_sends_the_run_back),
        NEIGHBOURS_TEST(a_run_stays_small),
        NEIGHBOURS_TEST(a_run_stays_within_the_threads_share),
        NEIGHBOURS_TEST(what_waits_is_free_in_the_figures),
        NEIGHBOURS_TEST(what_waits_is_not_freed_twice),
        NEIGHBOURS_TEST(what_is_written_to_while_it_waits_is_told),
        NEIGHBOURS_TEST(another_thread_takes_what_waits),
        NEIGHBOURS_TEST(a_forked_child_saves_what_waits),
        NEIGHBOURS_TEST(who_asks_for_many_is_given_several_at_a_time),
        NEIGHBOURS_TEST(several_come_from_the_best_fit_only),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
