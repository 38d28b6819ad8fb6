/*
 * Slabs whose objects others have freed, taken from under owners who do not look.
 */
#include "front_fixture.h"

#include "front/lists.h"
#include "front/waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

enum { SIZE = 512 };

static void *objects[OBJECTS_MAX];
static size_t count; /* of the full slab */
static struct theap *owner;
static struct theap *other;
static size_t slabs; /* of both threads, at first */

/* Two threads. The owner has a full slab, and one after it that is current, the first object of which is the last of `objects`. */
static void begin_two_threads(void)
{
    owner = begin_thread();
    objects[0] = first_object(SIZE);
    count = take_all(objects, 1, SIZE);
    objects[count] = front_malloc(SIZE);
    assert_ptr_not_equal(slab_of(objects[count]), slab_of(objects[0]));
    other = begin_thread();
    slabs = slab_count();
}

/* `heap`'s thread frees some of the objects, and passes them on. */
static void free_as(struct theap *heap, size_t first, size_t end)
{
    become(heap);
    for (size_t i = first; i < end; i++) {
        front_free(objects[i]);
    }
    theap_flush(heap);
}

static void what_others_have_freed_of_an_idle_thread_is_taken(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 0, count);
    become(owner);
    assert_true(reclaim_all(other));
    assert_int_equal(slab_count(), slabs - 1);
    assert_false(waiting_exist(owner));
    assert_int_equal(front_check(owner), 0);
    assert_false(reclaim_all(other));
    front_free(objects[count]);
}

static void a_slab_with_a_live_object_stays_its_owners(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 1, count);
    become(owner);
    assert_false(reclaim_all(other));
    assert_int_equal(slab_count(), slabs);
    assert_true(waiting_exist(owner)); /* for its owner */
    theap_read_inbox(owner);
    assert_true(lists_may_serve(slab_of(objects[0])));
    front_free(objects[0]);
    front_free(objects[count]);
}

static void a_current_slab_stays_its_owners(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, count, count + 1);
    become(owner);
    assert_false(reclaim_all(other));
    void *again = front_malloc(SIZE);
    assert_ptr_equal(slab_of(again), slab_of(objects[count]));
    front_free(again);
    free_as(owner, 0, count);
}

/* It was full, and has been listed since as one that may serve. */
static void a_listed_slab_is_taken_out_of_its_list(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 0, count / 2);
    become(owner);
    theap_read_inbox(owner);
    assert_int_equal(slab_of(objects[0])->state, SLAB_PARTIAL);
    free_as(other, count / 2, count);
    become(owner);
    assert_true(reclaim_all(other));
    assert_int_equal(owner->partial[class_of(SIZE)], 0);
    assert_int_equal(front_check(owner), 0);
    front_free(objects[count]);
}

static void while_the_owner_is_inside_nothing_is_taken(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 0, count);
    become(THEAP_BUSY);
    assert_false(reclaim_all(other));
    assert_int_equal(slab_count(), slabs);
    become(owner);
    assert_true(waiting_exist(owner));
    front_free(objects[count]);
}

/* The owner was seen inside after they were put apart. */
static void what_was_put_apart_is_posted_again(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 0, count);
    become(owner);
    assert_true(waiting_put_apart(owner));
    assert_false(waiting_exist(owner));
    waiting_put_back(owner);
    assert_true(waiting_exist(owner));
    theap_read_inbox(owner);
    assert_true(theap_release(owner));
    assert_int_equal(slab_count(), slabs - 1);
    front_free(objects[count]);
}

/* As by an owner that was inside, unseen, when they were put apart. */
static void what_came_to_serve_meanwhile_is_not_taken(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(other, 0, count);
    become(owner);
    assert_true(waiting_put_apart(owner));
    slab_of(objects[0])->state = SLAB_CURRENT;
    assert_int_equal(waiting_take(owner, 0), 0);
    slab_of(objects[0])->state = SLAB_FULL;
    assert_true(waiting_exist(owner));
    front_free(objects[count]);
}

static void *do_nothing(void *unused)
{
    return unused;
}

/* As far as libc knows. */
static void be_one_of_several_threads(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    pthread_join(thread, NULL);
}

enum { MUCH = 1 << 30 }; /* bytes: more than twice what is to come between two looks */

static void a_thread_that_does_not_look_for_long_is_dormant(void **state)
{
    (void)state;
    be_one_of_several_threads();
    begin_two_threads();
    free_as(other, 0, count);
    cache_blocks();
    size_t cached = other->medium.bytes;
    become(owner);
    cache_blocks();
    reclaim_dormant(other, MUCH);
    assert_int_equal(slab_count(), slabs); /* it may be about to look */
    reclaim_dormant(other, 0);
    assert_int_equal(slab_count(), slabs); /* it is too soon */
    reclaim_dormant(other, MUCH);
    assert_int_equal(slab_count(), slabs - 1);
    assert_int_equal(owner->medium.bytes, cached); /* which is bounded, and left to it */
    front_free(objects[count]);
}

static void a_thread_that_has_looked_is_not_dormant(void **state)
{
    (void)state;
    be_one_of_several_threads();
    begin_two_threads();
    free_as(other, 1, 2);
    become(owner);
    reclaim_dormant(other, MUCH);
    theap_read_inbox(owner);
    free_as(other, 2, count);
    free_as(other, 0, 1);
    become(owner);
    slabs = slab_count();
    reclaim_dormant(other, MUCH);
    assert_int_equal(slab_count(), slabs);
    front_free(objects[count]);
}

/* As in a forked child, where who was amid taking slabs is gone. */
static void a_heap_whose_lists_were_torn_goes_on(void **state)
{
    (void)state;
    begin_two_threads();
    free_as(owner, 0, count / 2); /* which makes it one that may serve */
    free_as(other, count / 2, count);
    assert_true(waiting_put_apart(owner)); /* where it is POSTED, and in no inbox */
    lists_lose(owner);
    assert_int_equal(front_check(owner), 0);
    assert_int_equal(slab_of(objects[0])->state, SLAB_FULL);
    assert_true(waiting_exist(owner));
    become(owner);
    theap_read_inbox(owner);
    assert_true(theap_release(owner));
    assert_int_equal(front_check(owner), 0);
    front_free(objects[count]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(what_others_have_freed_of_an_idle_thread_is_taken),
        FRONT_TEST(a_slab_with_a_live_object_stays_its_owners),
        FRONT_TEST(a_current_slab_stays_its_owners),
        FRONT_TEST(a_listed_slab_is_taken_out_of_its_list),
        FRONT_TEST(while_the_owner_is_inside_nothing_is_taken),
        FRONT_TEST(what_was_put_apart_is_posted_again),
        FRONT_TEST(what_came_to_serve_meanwhile_is_not_taken),
        FRONT_TEST(a_thread_that_does_not_look_for_long_is_dormant),
        FRONT_TEST(a_thread_that_has_looked_is_not_dormant),
        FRONT_TEST(a_heap_whose_lists_were_torn_goes_on),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
