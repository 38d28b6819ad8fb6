/*
 * Shards: when one is opened, and which one serves a thread.
 *
 * Most tests say that a core is crowded; those at the end have threads wait for one another.
 */
#include "shards_fixture.h"

#include "support/core_alloc.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>

static pthread_t start(void *(*body)(void *), void *context)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, body, context), 0);
    return thread;
}

static void join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- Opening ---- */

static void there_is_one_shard_unless_more_are_allowed(void **state)
{
    (void)state;
    assert_int_equal(shards_count(), 1);
    crowd(0);
    assert_int_equal(serving_shard(), 0);
    assert_int_equal(shards_count(), 1);
}

static void a_shard_that_gets_no_memory_is_not_opened_until_later(void **state)
{
    (void)state;
    for (size_t served = 0; served < 2; served++) { /* its address space; its memory */
        size_t count = shards_count();
        size_t home = serving_shard();
        void *kept = cores_alloc(100);
        cores_set_limit(count + 1);
        fake_os_refuse_from(served);
        crowd(home);
        void *payload = cores_alloc(100);
        fake_os_refuse_from(SIZE_MAX);
        assert_non_null(payload);
        assert_int_equal(shards_count(), count);
        release(payload);
        release(kept);

        crowd(serving_shard());
        assert_int_equal(serving_shard(), count);
        assert_int_equal(shards_count(), count + 1);
    }
}

static void a_crowded_core_leads_to_a_new_shard_up_to_the_limit(void **state)
{
    (void)state;
    size_t count = shards_count();
    cores_set_limit(count + 2);
    for (size_t i = count; i < count + 2; i++) {
        crowd(serving_shard());
        assert_int_equal(serving_shard(), i);
        assert_int_equal(shards_count(), i + 1);
        assert_int_equal(serving_shard(), i); /* and there the thread stays */
    }
    crowd(serving_shard());
    assert_true(serving_shard() < count + 2);
    assert_int_equal(shards_count(), count + 2);
}

static void at_the_limit_a_crowded_core_leads_to_each_shard_in_turn(void **state)
{
    (void)state;
    have_shards(3);
    cores_set_limit(1); /* less than there are already */
    size_t count = shards_count();
    crowd(serving_shard());
    size_t before = serving_shard();
    for (size_t i = 0; i < count; i++) {
        crowd(before);
        size_t now = serving_shard();
        assert_int_equal(now, (before + 1) % count);
        before = now;
    }
    assert_int_equal(shards_count(), count);
}

static void *note_serving_shard(void *out)
{
    *(size_t *)out = serving_shard();
    return NULL;
}

/* Whichever one it is whose turn has come. */
static void at_the_limit_a_thread_leaves_a_crowded_core(void **state)
{
    (void)state;
    have_shards(3);
    cores_set_limit(1);
    for (size_t i = 0; i < shards_count(); i++) {
        for (size_t j = 0; j < i; j++) {
            size_t of_new_thread;
            join(start(note_serving_shard, &of_new_thread));
        }
        size_t before = serving_shard();
        crowd(before);
        assert_int_not_equal(serving_shard(), before);
    }
}

static void a_thread_elsewhere_stays_where_it_is(void **state)
{
    (void)state;
    have_shards(3);
    move_to(1);
    crowd(0);
    assert_int_equal(serving_shard(), 1);
}

static void new_threads_get_homes_in_turn(void **state)
{
    (void)state;
    have_shards(3);
    size_t home = serving_shard();
    size_t before = 0;
    join(start(note_serving_shard, &before));
    for (size_t i = 0; i < 2 * shards_count(); i++) {
        size_t now = SIZE_MAX;
        join(start(note_serving_shard, &now));
        assert_int_equal(now, (before + 1) % shards_count());
        before = now;
    }
    assert_int_equal(serving_shard(), home);
}

static void the_shards_are_a_circle(void **state)
{
    (void)state;
    have_shards(3);
    size_t count = shards_count();
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(shard_after(shard_number(i)), shard_number((i + 1) % count));
    }
}

/* ---- Waiting ---- */

static void *leave_when_waited_for(void *context)
{
    struct holder *holder = context;
    lock_acquire(&holder->core->lock);
    __atomic_store_n(&holder->is_inside, true, __ATOMIC_RELEASE);
    while ((__atomic_load_n(&holder->core->lock.word, __ATOMIC_RELAXED) & 1) == 0) {
        sched_yield();
    }
    lock_release(&holder->core->lock);
    return NULL;
}

/* Ask for memory while another thread is inside the core that is to serve that. */
static void wait_once_for(struct ma_core *core)
{
    struct holder holder = {.core = core};
    pthread_t other = start(leave_when_waited_for, &holder);
    while (!__atomic_load_n(&holder.is_inside, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    void *payload = cores_alloc(100);
    join(other);
    release(payload);
}

/* A new shard where there may be one more. */
static struct ma_core *open_shard_below_the_limit(void)
{
    struct ma_core *core = first_core(open_shard());
    cores_set_limit(shards_count() + 1);
    return core;
}

static void who_waits_often_moves_to_a_new_shard(void **state)
{
    (void)state;
    struct ma_core *core = open_shard_below_the_limit();
    size_t count = shards_count();
    for (size_t i = 1; i < MA_CROWD_WAITS; i++) {
        wait_once_for(core);
    }
    assert_int_equal(serving_shard(), shard_of(core));
    wait_once_for(core);
    assert_int_equal(serving_shard(), count);
    assert_int_equal(shards_count(), count + 1);
}

static void who_waits_now_and_then_stays(void **state)
{
    (void)state;
    enum { BETWEEN = 2 * MA_CROWD_WINDOW / MA_CROWD_WAITS };
    struct ma_core *core = open_shard_below_the_limit();
    size_t count = shards_count();
    for (int i = 0; i < 2 * MA_CROWD_WAITS; i++) {
        wait_once_for(core);
        for (size_t j = 0; j < BETWEEN; j++) {
            core_free(core, core_alloc(core, 100));
        }
    }
    assert_int_equal(serving_shard(), shard_of(core));
    assert_int_equal(shards_count(), count);
}

/* ---- As many as there can be ---- */

static void there_are_no_more_shards_than_can_be_told_apart(void **state)
{
    (void)state;
    cores_set_limit(SIZE_MAX);
    for (size_t i = 0; i < MA_SHARD_MAX + 2; i++) {
        crowd(shard_of(&shard_home()->cores[0]));
    }
    assert_non_null(shard_home());
    assert_int_equal(shards_count(), MA_SHARD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(there_is_one_shard_unless_more_are_allowed),
        FRONT_TEST(a_shard_that_gets_no_memory_is_not_opened_until_later),
        FRONT_TEST(a_crowded_core_leads_to_a_new_shard_up_to_the_limit),
        FRONT_TEST(at_the_limit_a_crowded_core_leads_to_each_shard_in_turn),
        FRONT_TEST(at_the_limit_a_thread_leaves_a_crowded_core),
        FRONT_TEST(a_thread_elsewhere_stays_where_it_is),
        FRONT_TEST(new_threads_get_homes_in_turn),
        FRONT_TEST(the_shards_are_a_circle),
        FRONT_TEST(who_waits_often_moves_to_a_new_shard),
        FRONT_TEST(who_waits_now_and_then_stays),
        FRONT_TEST(there_are_no_more_shards_than_can_be_told_apart),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
