/*
 * Frees by threads that do not own the slab: docs/remote-free.md.
 */
#include "front_fixture.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>

/* A slab of an owner, all of whose objects are live. */
struct owned {
    struct theap *owner;
    struct slab *slab;
    size_t count;
    void *objects[OBJECTS_MAX];
};

static struct owned owned;

static void own_slab(size_t size)
{
    owned.owner = begin_thread();
    owned.objects[0] = first_object(size);
    owned.slab = slab_of(owned.objects[0]);
    owned.count = take_all(owned.objects, 1, size);
}

/* What a thread that is not the owner does with a chain. */
static void push(size_t first, size_t count)
{
    struct object *next = NULL;
    for (size_t i = first + count; i-- > first;) {
        struct object *o = owned.objects[i];
        o->mark = object_mark(o);
        o->next = next;
        next = o;
    }
    remote_push(owned.slab, next, owned.objects[first + count - 1], count);
}

static bool is_posted(void)
{
    return (remote_word(owned.slab) & REMOTE_POSTED) != 0;
}

/* Whether the list `free` of the slab holds exactly the objects from `first` to `end`, in any order. */
static bool free_list_is(size_t first, size_t end)
{
    size_t length = 0;
    for (const struct object *o = owned.slab->free; o != NULL; o = o->next) {
        size_t i = first;
        while (i < end && owned.objects[i] != o) {
            i++;
        }
        if (i == end || ++length > end - first) {
            return false;
        }
    }
    return length == end - first && slab_check(owned.slab) == 0;
}

static void free_rest(size_t first)
{
    become(owned.owner);
    for (size_t i = first; i < owned.count; i++) {
        front_free(owned.objects[i]);
    }
}

static void a_push_is_counted_and_leaves_the_owners_list_alone(void **state)
{
    (void)state;
    own_slab(64);
    assert_int_equal(remote_count_of(owned.slab), 0);
    push(0, 1);
    assert_int_equal(remote_count_of(owned.slab), 1);
    push(1, 5);
    assert_int_equal(remote_count_of(owned.slab), 6);
    assert_int_equal(length_of(remote_first(owned.slab)), 6);
    assert_null(owned.slab->free);
    assert_int_equal(slab_used(owned.slab), owned.count);
    assert_int_equal(slab_check(owned.slab), 0);
    free_rest(6);
}

static void the_first_push_posts_the_slab(void **state)
{
    (void)state;
    own_slab(64);
    assert_int_equal(owned.owner->inbox, 0);
    assert_false(is_posted());
    push(0, 2);
    assert_int_equal(owned.owner->inbox, slab_index(owned.slab));
    assert_true(is_posted());
    free_rest(2);
}

static void a_further_push_does_not_post_again(void **state)
{
    (void)state;
    own_slab(64);
    push(0, 2);
    granule_index next = slab_remote(owned.slab)->inbox_next;
    push(2, 2);
    assert_int_equal(owned.owner->inbox, slab_index(owned.slab));
    assert_int_equal(slab_remote(owned.slab)->inbox_next, next); /* it does not lead to itself */
    free_rest(4);
}

static void the_inbox_holds_the_slabs_of_all_classes(void **state)
{
    (void)state;
    own_slab(64);
    void *other = first_object(128);
    struct object *o = other;
    push(0, 1);
    o->mark = object_mark(o);
    remote_push(slab_of(other), o, o, 1);
    theap_read_inbox(owned.owner);
    assert_int_equal(owned.owner->inbox, 0);
    assert_true(remote_collect(owned.slab));
    assert_true(free_list_is(0, 1));
    assert_int_equal(live_in(slab_of(other)), 0);
    free_rest(1);
}

static void a_collection_takes_all(void **state)
{
    (void)state;
    own_slab(64);
    push(0, 3);
    push(3, 1);
    push(4, 7);
    assert_true(remote_collect(owned.slab));
    assert_int_equal(remote_count_of(owned.slab), 0);
    assert_null(remote_first(owned.slab));
    assert_int_equal(slab_used(owned.slab), owned.count - 11);
    assert_true(free_list_is(0, 11));
    free_rest(11);
}

static void a_collection_keeps_what_is_free_already(void **state)
{
    (void)state;
    own_slab(64);
    for (size_t i = 0; i < 4; i++) {
        front_free(owned.objects[i]);
    }
    push(4, 4);
    assert_true(remote_collect(owned.slab));
    assert_true(free_list_is(0, 8));
    free_rest(8);
}

static void a_collection_of_nothing_says_so(void **state)
{
    (void)state;
    own_slab(64);
    assert_false(remote_collect(owned.slab));
    push(0, 1);
    owned.owner->inbox = 0; /* as its reader does */
    remote_unpost(owned.slab);
    assert_true(remote_collect(owned.slab));
    assert_false(remote_collect(owned.slab));
    free_rest(1);
}

/* It is in the inbox still: another push must not put it there a second time. */
static void a_slab_stays_posted_until_it_leaves_the_inbox(void **state)
{
    (void)state;
    own_slab(64);
    push(0, 1);
    assert_true(remote_collect(owned.slab));
    assert_true(is_posted());
    push(1, 1);
    assert_int_equal(slab_remote(owned.slab)->inbox_next, 0);

    theap_read_inbox(owned.owner);
    remote_collect(owned.slab);

    assert_int_equal(remote_word(owned.slab), 0);
    assert_true(free_list_is(0, 2));
    free_rest(2);
}

static void a_slab_that_has_left_the_inbox_is_posted_anew(void **state)
{
    (void)state;
    own_slab(64);
    for (size_t i = 0; i < 4; i++) {
        push(i, 1);
        assert_int_equal(owned.owner->inbox, slab_index(owned.slab));
        theap_read_inbox(owned.owner);
        remote_collect(owned.slab);
        assert_int_equal(owned.owner->inbox, 0);
    }
    assert_true(free_list_is(0, 4));
    free_rest(4);
}

/* Object 7, say, may come before or behind object 3 in its chain. */
static void the_order_within_a_chain_does_not_matter(void **state)
{
    (void)state;
    own_slab(64);
    uint64_t random = 3;
    for (size_t i = 1; i < owned.count; i++) {
        size_t j = random_below(&random, i + 1);
        void *swapped = owned.objects[i];
        owned.objects[i] = owned.objects[j];
        owned.objects[j] = swapped;
    }
    push(10, 20);
    push(0, 10);
    theap_read_inbox(owned.owner);
    remote_collect(owned.slab);
    assert_true(free_list_is(0, 30));
    free_rest(30);
}

static void nothing_is_lost_over_many_pushes_and_collections(void **state)
{
    (void)state;
    uint64_t random = 17;
    own_slab(16);
    for (int round = 0; round < 20; round++) {
        size_t done = 0;
        while (done < owned.count) {
            size_t left = owned.count - done;
            size_t count = 1 + random_below(&random, left < 40 ? left : 40);
            push(done, count);
            done += count;
            size_t turn = random_below(&random, 5);
            if (turn == 0) {
                theap_read_inbox(owned.owner);
                remote_collect(owned.slab);
            } else if (turn == 1) {
                remote_collect(owned.slab);
            }
            assert_int_equal(length_of(owned.slab->free) + remote_count_of(owned.slab), done);
            assert_int_equal(slab_used(owned.slab) - remote_count_of(owned.slab),
                             owned.count - done);
        }
        assert_int_equal(slab_check(owned.slab), 0);
        void *first = first_object(16); /* all were freed, and so may be had again */
        assert_ptr_equal(slab_of(first), owned.slab);
        owned.objects[0] = first;
        assert_int_equal(take_all(owned.objects, 1, 16), owned.count);
    }
    free_rest(0);
}

/* The word has room for a count of all objects of the smallest class. */
static void all_objects_of_the_largest_slab_can_be_freed_by_others(void **state)
{
    (void)state;
    own_slab(16);
    push(0, owned.count);
    assert_int_equal(remote_count_of(owned.slab), owned.count);
    assert_int_equal(slab_check(owned.slab), 0);
    theap_read_inbox(owned.owner);
    remote_collect(owned.slab);
    assert_int_equal(slab_used(owned.slab), 0);
}

/* ---- Really at the same time ---- */

enum { PUSHER_COUNT = 2, ROUNDS = 500 };

static int started_count; /* atomic */

/* Wait for the other threads. They are done sooner than a system call wakes them up, so it takes none. */
static void start_together(void)
{
    __atomic_add_fetch(&started_count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&started_count, __ATOMIC_ACQUIRE) <= PUSHER_COUNT) {
        sched_yield();
    }
}

struct pusher {
    pthread_t thread;
    size_t first;
    size_t end;
};

static void *push_one_by_one(void *context)
{
    const struct pusher *pusher = context;
    start_together();
    for (size_t i = pusher->first; i < pusher->end; i++) {
        push(i, 1);
    }
    return NULL;
}

static void nothing_is_lost_between_two_pushers_and_the_owner(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        own_slab(16);
        started_count = 0;
        struct pusher pushers[PUSHER_COUNT] = {{.end = owned.count / 2},
                                               {.first = owned.count / 2, .end = owned.count}};
        for (size_t i = 0; i < PUSHER_COUNT; i++) {
            assert_int_equal(pthread_create(&pushers[i].thread, NULL, push_one_by_one, &pushers[i]),
                             0);
        }
        start_together();
        for (int i = 0; i < 2000; i++) {
            theap_read_inbox(owned.owner);
            remote_collect(owned.slab);
        }
        pthread_join(pushers[0].thread, NULL);
        pthread_join(pushers[1].thread, NULL);
        theap_read_inbox(owned.owner);
        remote_collect(owned.slab);
        assert_int_equal(slab_used(owned.slab), 0);
        assert_int_equal(length_of(owned.slab->free), owned.count);
        assert_int_equal(slab_check(owned.slab), 0);
        end_thread(owned.owner);
    }
}

/* ---- The owner is gone ---- */

static void a_push_to_an_orphan_does_not_leave_it_posted(void **state)
{
    (void)state;
    own_slab(64);
    end_thread(owned.owner);
    push(0, 2);
    assert_false(is_posted());
    assert_int_equal(remote_count_of(owned.slab), 2);
    push(2, owned.count - 2); /* and the last one gives it back */
    assert_int_equal(slab_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(a_push_is_counted_and_leaves_the_owners_list_alone),
        FRONT_TEST(the_first_push_posts_the_slab),
        FRONT_TEST(a_further_push_does_not_post_again),
        FRONT_TEST(the_inbox_holds_the_slabs_of_all_classes),
        FRONT_TEST(a_collection_takes_all),
        FRONT_TEST(a_collection_keeps_what_is_free_already),
        FRONT_TEST(a_collection_of_nothing_says_so),
        FRONT_TEST(a_slab_stays_posted_until_it_leaves_the_inbox),
        FRONT_TEST(a_slab_that_has_left_the_inbox_is_posted_anew),
        FRONT_TEST(the_order_within_a_chain_does_not_matter),
        FRONT_TEST(nothing_is_lost_over_many_pushes_and_collections),
        FRONT_TEST(all_objects_of_the_largest_slab_can_be_freed_by_others),
        FRONT_TEST(nothing_is_lost_between_two_pushers_and_the_owner),
        FRONT_TEST(a_push_to_an_orphan_does_not_leave_it_posted),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
