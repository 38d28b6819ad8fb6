/*
 * A shard that a forked child cannot have: the thread that is inside it is gone.
 *
 * Here a thread ends inside the first shard, and the group's setup does what fork() does in a thread that is
 * inside another one. A lost shard stays lost.
 */
#include "shards_fixture.h"

#include "support/core_alloc.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

enum { LOST, ENTERED, THIRD, SHARDS, PAYLOADS = 5 };

static double seconds_to_lend;
static void *payloads[PAYLOADS]; /* of the lost shard, 100 bytes each */
static size_t payloads_left = PAYLOADS;

static void *payload_of_lost_shard(void)
{
    return payloads[--payloads_left];
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *enter_and_vanish(void *unused)
{
    (void)unused;
    lock_acquire(&first_core(LOST)->lock);
    return NULL;
}

static int lose_shard(void **state)
{
    if (front_group_setup(state) != 0) {
        return -1;
    }
    have_shards(SHARDS);
    move_to(LOST); /* so that the lost one is this thread's own */
    for (size_t i = 0; i < PAYLOADS; i++) {
        payloads[i] = core_alloc(first_core(LOST), 100);
        fill(payloads[i], 100);
    }
    pthread_t gone;
    if (pthread_create(&gone, NULL, enter_and_vanish, NULL) != 0 || pthread_join(gone, NULL) != 0) {
        return -1;
    }
    lock_acquire(&first_core(ENTERED)->lock);
    double began = seconds_now();
    cores_lend();
    seconds_to_lend = seconds_now() - began;
    cores_after_fork();
    cores_take_back();
    lock_release(&first_core(ENTERED)->lock);
    return 0;
}

static void who_forks_inside_one_shard_does_not_wait_long_for_another(void **state)
{
    (void)state;
    assert_true(seconds_to_lend < 1);
}

static void *note_serving_shard(void *out)
{
    *(size_t *)out = serving_shard();
    return NULL;
}

static void a_lost_shard_serves_no_thread(void **state)
{
    (void)state;
    cores_set_limit(SHARDS + 1); /* none is opened for one that cannot be entered */
    assert_int_not_equal(serving_shard(), LOST);
    cores_set_limit(SHARDS);
    assert_int_equal(shards_count(), SHARDS);
    for (int i = 0; i < 2 * SHARDS; i++) {
        size_t of_new_thread = LOST;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, note_serving_shard, &of_new_thread), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_not_equal(of_new_thread, LOST);
        crowd(serving_shard());
        assert_int_not_equal(serving_shard(), LOST);
    }
}

/* What the shards after the lost one have is found from each of them. */
static void when_memory_is_out_the_shards_that_are_left_are_asked(void **state)
{
    (void)state;
    for (size_t home = ENTERED; home <= THIRD; home++) {
        void *served[SHARDS];
        move_to(home);
        size_t size = size_that_fits_nowhere();
        for (size_t i = ENTERED; i <= THIRD; i++) {
            core_free(first_core(i), core_alloc(first_core(i), size));
        }
        fake_os_refuse_from(0);
        for (size_t i = 0; i < SHARDS; i++) {
            served[i] = cores_alloc(size);
        }
        fake_os_refuse_from(SIZE_MAX);
        assert_int_equal(owner_of(served[0]), home);
        assert_int_equal(owner_of(served[1]), home == ENTERED ? THIRD : ENTERED);
        assert_null(served[2]);
        release(served[0]);
        release(served[1]);
    }
}

static void what_is_freed_of_a_lost_shard_is_put_off(void **state)
{
    (void)state;
    void *alone = payload_of_lost_shard();
    void **chained = payload_of_lost_shard();
    *chained = cores_alloc(100);
    void **next = *chained;
    *next = NULL;
    release(alone);
    cores_free_chain(chained);
    assert_true(mb_is_used(mb_of_payload(alone)));
    assert_true(mb_is_used(mb_of_payload(chained)));
    assert_false(mb_is_used(mb_of_payload(next)));
}

static void what_is_resized_of_a_lost_shard_moves(void **state)
{
    (void)state;
    const size_t sizes[] = {50, 100, 5000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *moved = cores_realloc(first_core(LOST), payload_of_lost_shard(), sizes[i]);
        assert_int_not_equal(owner_of(moved), LOST);
        assert_true(is_filled(moved, sizes[i] < 100 ? sizes[i] : 100));
        release(moved);
    }
}

static int count_core(struct ma_core *core, void *context)
{
    size_t *counts = context;
    counts[shard_of(core)]++;
    return 0;
}

static void each_does_without_a_lost_shard(void **state)
{
    (void)state;
    for (size_t inside = 0; inside <= 1; inside++) {
        size_t counts[MA_SHARD_MAX] = {0};
        if (inside == 1) {
            lock_acquire(&first_core(ENTERED)->lock);
        }
        cores_each(count_core, counts);
        if (inside == 1) {
            lock_release(&first_core(ENTERED)->lock);
        }
        assert_int_equal(counts[LOST], 0);
        assert_int_equal(counts[ENTERED], MA_CORE_COUNT - inside);
        assert_int_equal(counts[THIRD], MA_CORE_COUNT);
    }
}

static void who_has_lent_itself_the_cores_is_served_by_the_others(void **state)
{
    (void)state;
    cores_lend();
    bool is_entered = cores_are_entered();
    void *payload = cores_alloc((size_t)1 << 20);
    cores_take_back();
    assert_false(is_entered);
    assert_int_not_equal(owner_of(payload), LOST);
    release(payload);
}

/* The C library gives the stack of a thread that is gone, and its thread-local variables, to the next one. */
static void *be_inside_another_shard(void *was_served_by)
{
    lock_acquire(&first_core(ENTERED)->lock);
    void *payload = cores_alloc(100);
    *(struct ma_core **)was_served_by = cores_owner_of(payload);
    lock_release(&first_core(ENTERED)->lock);
    release(payload);
    return NULL;
}

static void a_thread_at_the_place_of_the_one_that_is_gone_is_not_inside_the_lost_shard(void **state)
{
    (void)state;
    struct ma_core *served_by = NULL;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, be_inside_another_shard, &served_by), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ptr_equal(served_by, first_core(ENTERED) + 1);
}

static void a_second_fork_loses_nothing_more(void **state)
{
    (void)state;
    cores_lend();
    cores_after_fork();
    cores_take_back();
    for (size_t i = 0; i < 2; i++) {
        size_t before = serving_shard();
        crowd(before);
        assert_int_equal(serving_shard() + before, ENTERED + THIRD);
    }
}

static void a_shard_can_be_opened_after_one_was_lost(void **state)
{
    (void)state;
    assert_int_equal(open_shard(), SHARDS);
    assert_int_equal(serving_shard(), SHARDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(who_forks_inside_one_shard_does_not_wait_long_for_another),
        FRONT_TEST(a_lost_shard_serves_no_thread),
        FRONT_TEST(when_memory_is_out_the_shards_that_are_left_are_asked),
        FRONT_TEST(what_is_freed_of_a_lost_shard_is_put_off),
        FRONT_TEST(what_is_resized_of_a_lost_shard_moves),
        FRONT_TEST(each_does_without_a_lost_shard),
        FRONT_TEST(who_has_lent_itself_the_cores_is_served_by_the_others),
        FRONT_TEST(a_thread_at_the_place_of_the_one_that_is_gone_is_not_inside_the_lost_shard),
        FRONT_TEST(a_second_fork_loses_nothing_more),
        FRONT_TEST(a_shard_can_be_opened_after_one_was_lost),
    };
    return cmocka_run_group_tests(tests, lose_shard, NULL);
}
