/*
 * The process's cores: which one serves a call, and what crosses from one to another.
 */
#include "front_fixture.h"

#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

/* The cores in their order. */
static struct ma_core *cores[MA_CORE_COUNT];
static size_t noted;

static int note_core(struct ma_core *core, void *context)
{
    (void)context;
    cores[noted++] = core;
    return 0;
}

static int group_setup(void **state)
{
    if (front_group_setup(state) != 0) {
        return -1;
    }
    cores_each(note_core, NULL);
    return noted == MA_CORE_COUNT ? 0 : -1;
}

/* Be inside the first `count` cores, as a thread that was interrupted there. */
static void enter(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lock_acquire(&cores[i]->lock);
    }
}

static void leave(size_t count)
{
    while (count-- > 0) {
        lock_release(&cores[count]->lock);
    }
}

/* What was put off is done when the core is left the next time. */
static void visit_all(void)
{
    for (size_t i = 0; i < MA_CORE_COUNT; i++) {
        struct ma_stats stats = {0};
        core_add_stats(cores[i], &stats);
    }
}

static void a_request_is_served_by_the_first_core_that_is_not_entered(void **state)
{
    (void)state;
    for (size_t inside = 0; inside < MA_CORE_COUNT; inside++) {
        enter(inside);
        void *payload = cores_alloc(100);
        void *zeroed = cores_alloc_zeroed(100);
        void *aligned = cores_alloc_aligned(256, 100);
        bool is_entered = cores_are_entered();
        leave(inside);
        assert_int_equal(is_entered, inside > 0);
        assert_ptr_equal(cores_owner_of(payload), cores[inside]);
        assert_ptr_equal(cores_owner_of(zeroed), cores[inside]);
        assert_ptr_equal(cores_owner_of(aligned), cores[inside]);
        assert_int_equal((uintptr_t)aligned % 256, 0);
        release(payload);
        release(zeroed);
        release(aligned);
        visit_all();
    }
}

static void inside_all_cores_nothing_is_served(void **state)
{
    (void)state;
    enter(MA_CORE_COUNT);
    void *payload = cores_alloc(1);
    void *zeroed = cores_alloc_zeroed(1);
    void *aligned = cores_alloc_aligned(64, 1);
    void *granule = cores_alloc_granule(NULL);
    leave(MA_CORE_COUNT);
    assert_null(payload);
    assert_null(zeroed);
    assert_null(aligned);
    assert_null(granule);
}

/* The core that serves interrupting calls has memory from the start. */
static void an_interrupting_request_needs_no_new_memory(void **state)
{
    (void)state;
    fake_os_refuse_from(0);
    for (size_t inside = 1; inside < MA_CORE_COUNT; inside++) {
        enter(inside);
        void *payload = cores_alloc(1000);
        leave(inside);
        assert_non_null(payload);
        release(payload);
    }
    visit_all();
}

static void a_granule_is_a_whole_one(void **state)
{
    (void)state;
    char *payload = cores_alloc_granule(NULL);
    assert_int_equal((uintptr_t)payload % MA_GRANULE, MB_HEADER);
    assert_int_equal(mb_size(mb_of_payload(payload)), MA_GRANULE);
    release(payload);
}

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    void *payload = cores_alloc(5000);
    memset(payload, 0xff, 5000);
    release(payload);
    char *zeroed = cores_alloc_zeroed(5000);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(zeroed[i], 0);
    }
    release(zeroed);
}

/* ---- Freeing ---- */

static void a_free_in_an_entered_core_is_put_off(void **state)
{
    (void)state;
    void *payload = cores_alloc(100);
    size_t live = core_live_count();
    enter(1);
    release(payload);
    leave(1);
    assert_true(mb_is_used(mb_of_payload(payload)));
    assert_int_equal(core_live_count(),
                     live); /* the figures are added up before the core is left */
    assert_int_equal(core_live_count(), live - 1);
}

static void a_free_in_a_further_core_is_put_off(void **state)
{
    (void)state;
    enter(1);
    void *payload = cores_alloc(100);
    leave(1);
    release(payload);
    assert_true(mb_is_used(mb_of_payload(payload)));
    visit_all();
    assert_false(mb_is_used(mb_of_payload(payload)));
}

static void a_free_chain_may_lead_over_several_cores(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    void *chain = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        size_t inside = i / 2 % 3; /* two of a core in a row */
        enter(inside);
        void **payload = cores_alloc(40);
        leave(inside);
        *payload = chain;
        chain = payload;
    }
    size_t live = core_live_count();
    cores_free_chain(chain);
    visit_all();
    assert_int_equal(core_live_count(), live - COUNT);
    cores_free_chain(NULL);
}

static void a_free_chain_inside_a_core_is_put_off(void **state)
{
    (void)state;
    void **first = cores_alloc(40);
    void **second = cores_alloc(40);
    *first = second;
    *second = NULL;
    enter(1);
    cores_free_chain(first);
    leave(1);
    assert_true(mb_is_used(mb_of_payload(first)));
    visit_all();
    assert_false(mb_is_used(mb_of_payload(first)) && mb_is_used(mb_of_payload(second)));
}

/* ---- Resizing ---- */

static void a_payload_of_the_serving_core_is_resized_there(void **state)
{
    (void)state;
    char *payload = cores_alloc(100);
    memset(payload, 7, 100);
    payload = cores_realloc(cores_owner_of(payload), payload, 50000);
    assert_ptr_equal(cores_owner_of(payload), cores[0]);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(payload[i], 7);
    }
    release(payload);
}

static void a_payload_of_another_core_moves_to_the_serving_one(void **state)
{
    (void)state;
    const size_t sizes[] = {50, 100, 5000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        enter(1);
        char *payload = cores_alloc(100);
        memset(payload, 7, 100);
        leave(1);
        char *moved = cores_realloc(cores_owner_of(payload), payload, sizes[i]);
        assert_ptr_equal(cores_owner_of(moved), cores[0]);
        for (size_t j = 0; j < sizes[i] && j < 100; j++) {
            assert_int_equal(moved[j], 7);
        }
        visit_all();
        assert_false(mb_is_used(mb_of_payload(payload)));
        release(moved);
    }
}

static void a_payload_that_cannot_move_to_another_core_stays(void **state)
{
    (void)state;
    char *payload = cores_alloc(100);
    memset(payload, 7, 100);
    enter(MA_CORE_COUNT);
    void *moved = cores_realloc(cores[0], payload, 5000);
    leave(MA_CORE_COUNT);
    assert_null(moved);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(payload[i], 7);
    }
    release(payload);
}

/* ---- All cores ---- */

static void the_owner_of_an_address_is_found(void **state)
{
    (void)state;
    int local = 0;
    char *payload = cores_alloc(100000);
    assert_ptr_equal(cores_owner_of(payload), cores[0]);
    assert_ptr_equal(cores_owner_of(payload + 99999), cores[0]);
    assert_null(cores_owner_of(&local));
    assert_null(cores_owner_of(NULL));
    release(payload);
}

static int count_core(struct ma_core *core, void *context)
{
    (void)core;
    ++*(size_t *)context;
    return 0;
}

static void each_visits_the_cores_that_are_not_entered(void **state)
{
    (void)state;
    for (size_t inside = 0; inside <= MA_CORE_COUNT; inside++) {
        size_t count = 0;
        enter(inside);
        int result = cores_each(count_core, &count);
        leave(inside);
        assert_int_equal(result, 0);
        assert_int_equal(count, MA_CORE_COUNT - inside);
    }
}

static int stop_at_second(struct ma_core *core, void *context)
{
    (void)context;
    return core == cores[1] ? 42 : 0;
}

static void each_ends_where_the_visit_says_so(void **state)
{
    (void)state;
    assert_int_equal(cores_each(stop_at_second, NULL), 42);
    assert_false(cores_are_entered());
}

static void who_has_lent_itself_the_cores_can_use_them(void **state)
{
    (void)state;
    cores_lend();
    cores_lend();
    assert_false(cores_are_entered());
    void *payload = cores_alloc((size_t)1 << 20);
    assert_ptr_equal(cores_owner_of(payload), cores[0]);
    cores_take_back();
    release(payload);
    cores_take_back();
    for (size_t i = 0; i < MA_CORE_COUNT; i++) {
        assert_false(lock_lent_to_me(&cores[i]->lock));
    }
}

/* What a thread finds that is inside none of them. */
struct lending {
    bool is_lent;
    size_t lent_count;
    size_t left_count;
};

static size_t count_lent(void)
{
    size_t count = 0;
    for (size_t i = 0; i < MA_CORE_COUNT; i++) {
        count += lock_lent_to_me(&cores[i]->lock);
    }
    return count;
}

static void *lend_within_a_moment(void *context)
{
    struct lending *found = context;
    found->is_lent = cores_lend_within(1);
    found->lent_count = count_lent();
    if (found->is_lent) {
        cores_take_back();
    }
    found->left_count = count_lent();
    return NULL;
}

static struct lending lend_in_another_thread(void)
{
    struct lending found;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, lend_within_a_moment, &found), 0);
    pthread_join(thread, NULL);
    return found;
}

static void who_is_to_lend_itself_all_soon_has_all_or_none(void **state)
{
    (void)state;
    lock_acquire(&cores[1]->lock);
    struct lending found = lend_in_another_thread();
    lock_release(&cores[1]->lock);
    assert_false(found.is_lent);
    assert_int_equal(found.lent_count, 0);

    found = lend_in_another_thread();
    assert_true(found.is_lent);
    assert_int_equal(found.lent_count, MA_CORE_COUNT);
    assert_int_equal(found.left_count, 0);
}

static void the_heaps_size_is_that_of_the_first_core(void **state)
{
    (void)state;
    void *payload = cores_alloc((size_t)10 << 20);
    assert_true(cores_heap_bytes() >= (size_t)10 << 20);
    assert_int_equal(cores_heap_bytes(), cores[0]->heap_bytes);
    release(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(a_request_is_served_by_the_first_core_that_is_not_entered),
        FRONT_TEST(inside_all_cores_nothing_is_served),
        FRONT_TEST(an_interrupting_request_needs_no_new_memory),
        FRONT_TEST(a_granule_is_a_whole_one),
        FRONT_TEST(zeroed_memory_is_zero),
        FRONT_TEST(a_free_in_an_entered_core_is_put_off),
        FRONT_TEST(a_free_in_a_further_core_is_put_off),
        FRONT_TEST(a_free_chain_may_lead_over_several_cores),
        FRONT_TEST(a_free_chain_inside_a_core_is_put_off),
        FRONT_TEST(a_payload_of_the_serving_core_is_resized_there),
        FRONT_TEST(a_payload_of_another_core_moves_to_the_serving_one),
        FRONT_TEST(a_payload_that_cannot_move_to_another_core_stays),
        FRONT_TEST(the_owner_of_an_address_is_found),
        FRONT_TEST(each_visits_the_cores_that_are_not_entered),
        FRONT_TEST(each_ends_where_the_visit_says_so),
        FRONT_TEST(who_has_lent_itself_the_cores_can_use_them),
        FRONT_TEST(who_is_to_lend_itself_all_soon_has_all_or_none),
        FRONT_TEST(the_heaps_size_is_that_of_the_first_core),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
