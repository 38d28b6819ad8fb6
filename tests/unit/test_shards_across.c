/*
 * Several shards: what crosses from one to another, and what a thread may do that is inside one.
 */
#include "shards_fixture.h"

#include "support/core_alloc.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

/* ---- From one shard to another ---- */

static void a_payload_of_another_shard_is_freed_there_at_once(void **state)
{
    (void)state;
    have_shards(3);
    move_to(0);
    for (size_t i = 0; i < 3; i++) {
        void *alone = core_alloc(first_core(i), 5000);
        void **chained = core_alloc(first_core(i), 5000);
        *chained = NULL;
        release(alone);
        assert_false(mb_is_used(mb_of_payload(alone)));
        cores_free_chain(chained);
        assert_false(mb_is_used(mb_of_payload(chained)));
    }
}

static void a_payload_of_another_shard_is_resized_there(void **state)
{
    (void)state;
    const size_t sizes[] = {50, 100, 5000, 50000};
    have_shards(3);
    move_to(0);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *payload = core_alloc(first_core(1), 100);
        fill(payload, 100);
        payload = cores_realloc(first_core(1), payload, sizes[i]);
        assert_int_equal(owner_of(payload), 1);
        assert_true(is_filled(payload, sizes[i] < 100 ? sizes[i] : 100));
        release(payload);
    }
}

/* From now on the shard has a free block of `size` bytes or a little more. */
static void have_room(size_t shard, size_t size)
{
    core_free(first_core(shard), core_alloc(first_core(shard), size));
}

/* The same, but not at the top: below the payload that is given. `size` fits nowhere. */
static void *have_room_below(size_t shard, size_t size)
{
    void *room = core_alloc(first_core(shard), size);
    void *payload = core_alloc(first_core(shard), size);
    core_free(first_core(shard), room);
    return payload;
}

static void what_fits_is_taken_from_another_shard_before_one_grows(void **state)
{
    (void)state;
    have_shards(3);
    move_to(0);
    size_t size = size_that_fits_nowhere();
    void *above = have_room_below(1, size);
    size_t home_bytes = first_core(0)->heap_bytes;
    size_t other_bytes = first_core(1)->heap_bytes;
    void *payload = cores_alloc(size);
    assert_int_equal(owner_of(payload), 1);
    assert_int_equal(first_core(0)->heap_bytes, home_bytes);
    assert_int_equal(first_core(1)->heap_bytes, other_bytes);
    release(payload);
    release(above);
}

/* Threads with shards of their own would go on meeting there. */
static void the_top_of_another_shard_is_left_to_it(void **state)
{
    (void)state;
    have_shards(3);
    move_to(0);
    size_t size = size_that_fits_nowhere();
    have_room(1, size);
    void *payload = cores_alloc(size);
    assert_int_equal(owner_of(payload), 0);
    void *aligned = cores_alloc_aligned(MA_GRANULE, size);
    assert_int_equal(owner_of(aligned), 0);
    release(payload);
    release(aligned);
}

static void when_memory_is_out_a_payload_grows_in_another_shard(void **state)
{
    (void)state;
    have_shards(2);
    move_to(0);
    char *payload = core_alloc(first_core(1), 100);
    fill(payload, 100);
    size_t size = size_that_fits_nowhere();
    have_room(0, size);
    fake_os_refuse_from(0);
    payload = cores_realloc(first_core(1), payload, size);
    fake_os_refuse_from(SIZE_MAX);
    assert_non_null(payload);
    assert_int_equal(owner_of(payload), 0);
    assert_true(is_filled(payload, 100));
    release(payload);
}

static void what_fits_at_home_is_taken_there(void **state)
{
    (void)state;
    have_shards(3);
    move_to(1);
    size_t size = size_that_fits_nowhere();
    for (size_t i = 0; i < 3; i++) {
        have_room(i, size);
    }
    void *payload = cores_alloc(size);
    assert_int_equal(owner_of(payload), 1);
    release(payload);
}

static void below_the_top_no_other_shard_is_asked(void **state)
{
    (void)state;
    have_shards(3);
    move_to(0);
    size_t size = size_that_fits_nowhere();
    have_room(1, size);
    assert_null(cores_alloc_below_top(size, false));
}

static void when_memory_is_out_all_shards_give_what_they_have(void **state)
{
    (void)state;
    enum { SHARDS = 3 };
    void *payloads[SHARDS + 1];
    bool has_served[SHARDS] = {false};
    have_shards(SHARDS);
    move_to(1);
    size_t size = size_that_fits_nowhere();
    for (size_t i = 0; i < SHARDS; i++) {
        have_room(i, size);
    }
    fake_os_refuse_from(0);
    for (size_t i = 0; i <= SHARDS; i++) {
        payloads[i] = cores_alloc(size);
    }
    fake_os_refuse_from(SIZE_MAX);
    assert_null(payloads[SHARDS]);
    for (size_t i = 0; i < SHARDS; i++) {
        assert_non_null(payloads[i]);
        has_served[owner_of(payloads[i])] = true;
        release(payloads[i]);
    }
    assert_true(has_served[0] && has_served[1] && has_served[2]);
}

static void the_heaps_size_is_that_of_all_shards(void **state)
{
    (void)state;
    have_shards(3);
    size_t sum = 0;
    for (size_t i = 0; i < shards_count(); i++) {
        sum += first_core(i)->heap_bytes;
    }
    assert_int_equal(cores_heap_bytes(), sum);
    void *payload = core_alloc(first_core(2), size_that_fits_nowhere());
    assert_true(cores_heap_bytes() > sum);
    release(payload);
}

/* ---- Inside a shard ---- */

static void enter(size_t shard, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lock_acquire(&shard_number(shard)->cores[i].lock);
    }
}

static void leave(size_t shard, size_t count)
{
    while (count-- > 0) {
        lock_release(&shard_number(shard)->cores[count].lock);
    }
}

static void who_is_inside_a_shard_is_served_by_its_next_core(void **state)
{
    (void)state;
    have_shards(3);
    move_to(0);
    for (size_t inside = 1; inside < MA_CORE_COUNT; inside++) {
        enter(1, inside);
        bool is_entered = cores_are_entered();
        void *payload = cores_alloc(100);
        leave(1, inside);
        assert_true(is_entered);
        assert_ptr_equal(cores_owner_of(payload), &shard_number(1)->cores[inside]);
        release(payload);
        assert_true(mb_is_used(mb_of_payload(payload))); /* put off: it is not to be waited for */
    }
    enter(1, MA_CORE_COUNT);
    void *payload = cores_alloc(100);
    leave(1, MA_CORE_COUNT);
    assert_null(payload);
}

static void what_is_freed_of_another_shard_from_inside_is_put_off(void **state)
{
    (void)state;
    have_shards(3);
    void *alone = core_alloc(first_core(0), 5000);
    void **chained = core_alloc(first_core(0), 5000);
    *chained = NULL;
    enter(1, 1);
    release(alone);
    cores_free_chain(chained);
    leave(1, 1);
    assert_true(mb_is_used(mb_of_payload(alone)));
    assert_true(mb_is_used(mb_of_payload(chained)));
    enter(0, 1);
    leave(0, 1); /* by the lock alone */
    assert_true(mb_is_used(mb_of_payload(alone)));
    core_free(first_core(0), core_alloc(first_core(0), 100));
    assert_false(mb_is_used(mb_of_payload(alone)));
    assert_false(mb_is_used(mb_of_payload(chained)));
}

static void what_is_resized_of_another_shard_from_inside_moves(void **state)
{
    (void)state;
    have_shards(3);
    char *payload = core_alloc(first_core(0), 100);
    fill(payload, 100);
    enter(1, 1);
    char *moved = cores_realloc(first_core(0), payload, 500);
    leave(1, 1);
    assert_ptr_equal(cores_owner_of(moved), &shard_number(1)->cores[1]);
    assert_true(is_filled(moved, 100));
    release(moved);
}

static int count_core(struct ma_core *core, void *context)
{
    size_t *counts = context;
    counts[shard_of(core)]++;
    return 0;
}

static void each_visits_all_cores_that_are_not_entered(void **state)
{
    (void)state;
    have_shards(3);
    for (size_t inside = 0; inside <= MA_CORE_COUNT; inside++) {
        size_t counts[MA_SHARD_MAX] = {0};
        enter(1, inside);
        cores_each(count_core, counts);
        leave(1, inside);
        for (size_t i = 0; i < shards_count(); i++) {
            assert_int_equal(counts[i], i == 1 ? MA_CORE_COUNT - inside : MA_CORE_COUNT);
        }
    }
}

static void who_is_inside_a_shard_does_without_those_that_are_not_left(void **state)
{
    (void)state;
    size_t counts[MA_SHARD_MAX] = {0};
    struct holder other;
    have_shards(3);
    holder_begin(&other, first_core(0));
    enter(1, 1);
    cores_lend();
    cores_each(count_core, counts);
    cores_take_back();
    leave(1, 1);
    holder_end(&other);
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1], MA_CORE_COUNT - 1);
    assert_int_equal(counts[2], MA_CORE_COUNT);
    cores_each(count_core, counts); /* this time nobody holds it */
    assert_int_equal(counts[0], MA_CORE_COUNT);
}

static void *leave_late(void *context)
{
    usleep(5 * MA_SHARD_PATIENCE * 1000);
    holder_end(context);
    return NULL;
}

static void who_is_inside_no_shard_waits_for_all(void **state)
{
    (void)state;
    size_t counts[MA_SHARD_MAX] = {0};
    struct holder other;
    have_shards(3);
    holder_begin(&other, first_core(0));
    pthread_t ender;
    assert_int_equal(pthread_create(&ender, NULL, leave_late, &other), 0);
    cores_each(count_core, counts);
    assert_int_equal(pthread_join(ender, NULL), 0);
    for (size_t i = 0; i < shards_count(); i++) {
        assert_int_equal(counts[i], MA_CORE_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(a_payload_of_another_shard_is_freed_there_at_once),
        FRONT_TEST(a_payload_of_another_shard_is_resized_there),
        FRONT_TEST(what_fits_is_taken_from_another_shard_before_one_grows),
        FRONT_TEST(the_top_of_another_shard_is_left_to_it),
        FRONT_TEST(when_memory_is_out_a_payload_grows_in_another_shard),
        FRONT_TEST(what_fits_at_home_is_taken_there),
        FRONT_TEST(below_the_top_no_other_shard_is_asked),
        FRONT_TEST(when_memory_is_out_all_shards_give_what_they_have),
        FRONT_TEST(the_heaps_size_is_that_of_all_shards),
        FRONT_TEST(who_is_inside_a_shard_is_served_by_its_next_core),
        FRONT_TEST(what_is_freed_of_another_shard_from_inside_is_put_off),
        FRONT_TEST(what_is_resized_of_another_shard_from_inside_moves),
        FRONT_TEST(each_visits_all_cores_that_are_not_entered),
        FRONT_TEST(who_is_inside_a_shard_does_without_those_that_are_not_left),
        FRONT_TEST(who_is_inside_no_shard_waits_for_all),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
