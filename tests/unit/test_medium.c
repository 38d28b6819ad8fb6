/*
 * The medium cache.
 */
#include "medium_fixture.h"

#include "support/expect_abort.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

static void sizes_within_the_bounds_are_cached(void **state)
{
    (void)state;
    assert_false(medium_caches(MEDIUM_MIN - 16));
    assert_true(medium_caches(MEDIUM_MIN));
    assert_true(medium_caches(MEDIUM_MAX - 16));
    assert_false(medium_caches(MEDIUM_MAX));
}

static void an_empty_cache_has_nothing(void **state)
{
    (void)state;
    for (size_t size = 0; size < MEDIUM_REQUEST_MAX; size += 500) {
        assert_null(medium_take(&medium, size));
    }
}

static void rounding_costs_a_sixteenth_at_most(void **state)
{
    (void)state;
    for (size_t size = 0; size < 2 * MEDIUM_MAX; size += 7) {
        size_t rounded = medium_round(size);
        assert_true(rounded >= size);
        assert_true(rounded - size <= size / 16);
        assert_int_equal(medium_round(rounded), rounded);
    }
}

/* Programs ask for these more often than for others. */
static void powers_of_two_are_not_rounded(void **state)
{
    (void)state;
    for (size_t size = 2048; size < MEDIUM_REQUEST_MAX; size *= 2) {
        assert_int_equal(mb_size_for(medium_round(size)), mb_size_for(size));
    }
}

/* A request of every size is served by a block that was made for it, and by none that is too small. */
static void a_block_of_the_right_size_is_taken_and_a_smaller_one_is_not(void **state)
{
    (void)state;
    for (size_t size = 1; size < MEDIUM_REQUEST_MAX; size += size < 4096 ? 1 : 61) {
        void *payload = block_of(size);
        size_t usable = mb_usable(mb_of_payload(payload));
        add(payload);
        assert_null(usable + 1 < MEDIUM_REQUEST_MAX ? medium_take(&medium, usable + 1) : NULL);
        assert_ptr_equal(medium_take(&medium, size), payload);
        assert_null(medium_take(&medium, size));
        release(payload);
    }
}

/* A block of any size, as one that was cut or has grown in place. */
static void no_block_is_too_small_for_its_request_or_wastes_more_than_a_quarter(void **state)
{
    (void)state;
    for (size_t size = 1100; mb_size_for(size) < MEDIUM_MAX; size += 1040) {
        void *payload = cores_alloc(size);
        add(payload);
        size_t held = block_size(payload);
        for (size_t wanted = size / 2; wanted < size + size / 8; wanted += 16) {
            size_t least = mb_size_for(wanted);
            void *taken = wanted < MEDIUM_REQUEST_MAX ? medium_take(&medium, wanted) : NULL;
            if (taken != NULL) {
                assert_true(held >= least && held <= least + wanted / 4);
                add(taken);
            } else {
                assert_true(held < least + least / 16 || held > least + wanted / 4);
            }
        }
        medium_flush(&medium);
    }
}

static void the_smaller_of_two_that_fit_is_taken(void **state)
{
    (void)state;
    void *large = block_of(5000);
    void *small = block_of(4400);
    add(small);
    add(large);
    assert_ptr_equal(medium_take(&medium, 4200), small);
    assert_ptr_equal(medium_take(&medium, 4200), large);
    release(large);
    release(small);
}

static void the_last_freed_of_equals_is_taken(void **state)
{
    (void)state;
    void *a = block_of(3000);
    void *b = block_of(3000);
    add(a);
    add(b);
    assert_ptr_equal(medium_take(&medium, 3000), b);
    assert_ptr_equal(medium_take(&medium, 3000), a);
    release(a);
    release(b);
}

static void an_aligned_payload_is_found_among_others(void **state)
{
    (void)state;
    void *aligned = cores_alloc_aligned(4096, medium_round(4096));
    void *other = block_of(4096);
    while ((uintptr_t)other % 4096 == 0) {
        add(other);
        other = block_of(4096);
    }
    add(aligned);
    add(other);
    assert_ptr_equal(medium_take_aligned(&medium, 4096, 4000), aligned);
    assert_null(medium_take_aligned(&medium, 4096, 4000));
    assert_ptr_equal(medium_take(&medium, 4000), other);
    release(aligned);
    release(other);
}

static void the_bytes_and_blocks_are_counted(void **state)
{
    (void)state;
    void *a = block_of(3000);
    void *b = block_of(9000);
    add(a);
    assert_int_equal(medium.bytes, block_size(a));
    add(b);
    assert_int_equal(medium.bytes, block_size(a) + block_size(b));
    assert_int_equal(medium.count, 2);
    assert_ptr_equal(medium_take(&medium, 3000), a);
    assert_int_equal(medium.bytes, block_size(b));
    assert_int_equal(medium.count, 1);
    release(a);
    medium_flush(&medium);
    assert_int_equal(medium.bytes, 0);
    assert_int_equal(medium.count, 0);
}

/* ---- Limits ---- */

static void the_cache_never_holds_more_than_the_limit(void **state)
{
    (void)state;
    enum { LIMIT = 100000 };
    uint64_t random = 9;
    for (int i = 0; i < 2000; i++) {
        size_t size = MA_SMALL_MAX + random_below(&random, 30000);
        add(block_of(size));
        medium_bound(&medium, LIMIT);
        assert_true(medium.bytes <= LIMIT);
    }
    assert_true(medium.bytes > 0);
}

static void beyond_the_limit_more_than_the_surplus_goes(void **state)
{
    (void)state;
    enum { LIMIT = 20000 };
    void *payloads[5];
    for (int i = 0; i < 5; i++) {
        payloads[i] = block_of(5000 - 8); /* four times this is beyond */
    }
    for (int i = 0; i < 3; i++) {
        add(payloads[i]);
        medium_bound(&medium, LIMIT);
        assert_int_equal(medium.count, i + 1);
    }
    add(payloads[3]);
    medium_bound(&medium, LIMIT);
    assert_in_range(medium.bytes, LIMIT / 4, LIMIT * 3 / 4); /* room for the next */
    release(payloads[4]);
}

static void a_block_beyond_the_limit_is_not_kept(void **state)
{
    (void)state;
    size_t live = core_live_count();
    void *payload = block_of(20000);
    add(payload);
    medium_bound(&medium, 1000);
    assert_int_equal(medium.bytes, 0);
    assert_int_equal(core_live_count(), live);
}

static void the_largest_are_given_back_first(void **state)
{
    (void)state;
    void *small = block_of(1100);
    add(small);
    add(block_of(20000));
    add(block_of(5000));
    medium_bound(&medium, 14000);
    assert_int_equal(medium.count, 2);
    medium_bound(&medium, 6000);
    assert_int_equal(medium.count, 1);
    assert_ptr_equal(medium_take(&medium, 1100), small);
    release(small);
}

/* Else one call of many would take as long as all of them. */
static void few_blocks_go_at_a_time(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (size_t size = 1100; medium.count < 100; size += 300) {
        add(block_of(size));
    }
    medium_bound(&medium, medium.bytes - 1);
    assert_in_range(medium.count, 95, 99);
    size_t before = medium.count;
    medium_shed(&medium, 0);
    assert_in_range(medium.count, before - 5, before - 1);
    size_t limit = medium.bytes / 4;
    assert_false(medium_bound(&medium, limit));
    assert_in_range(medium.count, before / 2, before - 1);
    while (!medium_bound(&medium, limit)) {
    }
    assert_in_range(medium.count, 1, before / 2); /* the limit holds in the end */
    assert_int_equal(core_live_count(), live + medium.count);
}

/* The blocks of 5,000 bytes that are missed. */
static size_t missed_count(void)
{
    size_t count = 0;
    while (medium_settle_missed(&medium, medium_bin_for(5000))) {
        count++;
    }
    return count;
}

static void a_shed_block_is_missed_once(void **state)
{
    (void)state;
    add(block_of(2000));
    add(block_of(5000));
    add(block_of(5000));
    medium_shed(&medium, 10000);
    assert_int_equal(medium.count, 1);
    assert_false(medium_settle_missed(&medium, medium_bin_for(2000)));
    assert_int_equal(missed_count(), 2);
    assert_int_equal(missed_count(), 0);
    for (int i = 0; i < 20; i++) {
        add(block_of(5000));
    }
    medium_shed(&medium, 20 * 5000);
    assert_in_range(missed_count(), 4, 20);
}

/* The limit was above it, or it was to be flushed. */
static void what_else_leaves_the_cache_is_not_missed(void **state)
{
    (void)state;
    add(block_of(5000));
    medium_bound(&medium, 0);
    add(block_of(5000));
    medium_flush(&medium);
    assert_int_equal(missed_count(), 0);
}

/* It is counted beside the rest that is known of the bin. */
static void a_missed_block_does_not_change_how_many_are_wanted(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        medium_wanted_count(&medium, 1100, SIZE_MAX);
    }
    add(block_of(1100));
    medium_shed(&medium, 1100);
    assert_int_equal(medium_wanted_count(&medium, 1100, SIZE_MAX), 3);
    assert_true(medium_settle_missed(&medium, medium_bin_for(1100)));
}

static void what_is_within_the_bound_stays(void **state)
{
    (void)state;
    void *payload = block_of(5000);
    add(payload);
    medium_bound(&medium, block_size(payload));
    assert_int_equal(medium.count, 1);
}

static void what_is_flushed_is_free_in_the_core(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (int i = 0; i < 100; i++) {
        add(block_of(1100 + (size_t)i * 100));
    }
    assert_int_equal(core_live_count(), live + 100);
    medium_flush(&medium);
    assert_int_equal(core_live_count(), live);
}

/* A fork stops a thread between any two of its stores: here between those to a block's mark and to the tables. */
static void what_a_vanished_owner_was_about_to_change_is_left(void **state)
{
    (void)state;
    size_t live = core_live_count();
    struct object *payloads[3];
    for (size_t i = 0; i < COUNT_OF(payloads); i++) {
        payloads[i] = block_of(3000);
        add(payloads[i]); /* the last is the first of the list */
    }
    void *whole = block_of(5000);
    add(whole);
    payloads[1]->mark = 0;
    medium_salvage(&medium);
    assert_int_equal(medium.count, 0);
    assert_int_equal(core_live_count(), live + 2);
    release(payloads[0]);
    release(payloads[1]);
}

/* ---- What a cached block is to others ---- */

/* Whatever the size: a block's own size, not that of the request, is what is known of it when it is given back. */
static void what_the_core_gave_is_counted_until_it_is_given_back(void **state)
{
    (void)state;
    for (size_t size = 1; size <= MA_SMALL_MAX; size++) {
        void *payloads[3];
        for (size_t i = 0; i < 3; i++) {
            payloads[i] = block_of(size);
            medium_note_served(&medium, block_size(payloads[i]));
        }
        assert_int_equal(medium_held_count(&medium, size), 3);
        for (size_t i = 0; i < 3; i++) {
            add(payloads[i]);
        }
        assert_int_equal(medium_held_count(&medium, size), 3);
        medium_flush(&medium);
        assert_int_equal(medium_held_count(&medium, size), 0);
    }
}

static void the_count_has_bounds(void **state)
{
    (void)state;
    add(block_of(100));
    medium_flush(&medium); /* the core gave it to another thread */
    assert_int_equal(medium_held_count(&medium, 100), 0);
    for (size_t i = 0; i < 300; i++) {
        medium_note_served(&medium, mb_size_for(100));
        medium_note_served(&medium, mb_size_for(5000));
    }
    assert_int_equal(medium_held_count(&medium, 100), 255);
    memset(medium.held, 0, sizeof(medium.held));
}

static void a_block_that_is_too_large_is_not_looked_into(void **state)
{
    (void)state;
    void *payload = cores_alloc_aligned(MA_PAGE, MEDIUM_MAX);
    assert_int_equal(mprotect(payload, MA_PAGE, PROT_NONE), 0);
    assert_false(medium_holds_block(payload, block_size(payload)));
    assert_int_equal(mprotect(payload, MA_PAGE, PROT_READ | PROT_WRITE), 0);
    release(payload);
}

static void only_a_cached_block_is_held(void **state)
{
    (void)state;
    void *payload = block_of(3000);
    memset(payload, 0, 3000);
    assert_false(medium_holds(payload));
    add(payload);
    assert_true(medium_holds(payload));
    assert_ptr_equal(medium_take(&medium, 3000), payload);
    assert_false(medium_holds(payload));
    release(payload);
}

/* Objects of a slab that lay there before have left their marks. */
static void the_mark_of_a_slabs_object_is_not_that_of_a_cached_block(void **state)
{
    (void)state;
    struct object *payload = block_of(3000);
    payload->mark = object_mark(payload);
    assert_false(medium_holds(payload));
    assert_ptr_equal(medium_block_of(space_segment_of(payload), payload, "free"),
                     mb_of_payload(payload));
    release(payload);
}

/* Else who is given this memory by the core, and frees it, were told of a double free. */
static void a_flushed_block_leaves_no_mark(void **state)
{
    (void)state;
    struct object *payload = block_of(3000);
    add(payload);
    medium_flush(&medium);
    assert_int_not_equal(payload->mark, object_block_mark(payload));
}

static void look_up(void *payload)
{
    medium_block_of(space_segment_of(payload), payload, "name");
}

static void a_cached_block_is_refused(void **state)
{
    (void)state;
    void *payload = block_of(3000);
    add(payload);
    assert_aborts(look_up, payload, "name(");
    assert_aborts(look_up, payload, "double free: the block of 3088 bytes is free already");
    assert_aborts(look_up, (char *)payload + 16, "no block begins there");
}

static void add_again(void *payload)
{
    memset(payload, 0, 64);
    add(payload);
}

static void a_second_free_is_told_whatever_was_written_in_between(void **state)
{
    (void)state;
    void *payload = block_of(3000);
    add(payload);
    assert_aborts(add_again, payload, "double free: the block of 3088 bytes is free already");
}

static void require_absent(void *payload)
{
    medium_require_absent(&medium, mb_of_payload(payload), "name");
}

static void a_close_look_finds_what_was_written_to_among_others(void **state)
{
    (void)state;
    void *payload = block_of(3000);
    void *others[] = {block_of(3000), block_of(3000), block_of(5000)};
    require_absent(payload);
    add(payload);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        require_absent(others[i]);
        add(others[i]);
    }
    struct object *o = payload;
    o->mark = 0;
    assert_aborts(require_absent, payload, "name(");
    assert_aborts(require_absent, payload, "double free");
    o->mark = object_block_mark(o);
}

/* ---- By way of the thread ---- */

static void a_released_block_serves_its_threads_next_request(void **state)
{
    (void)state;
    begin_thread();
    void *payload = block_of(5000);
    assert_true(front_keep(mb_of_payload(payload)));
    assert_ptr_equal(front_take(5000), payload);
    assert_null(front_take(5000));
    assert_true(front_keep(mb_of_payload(payload)));
    begin_thread();
    assert_null(front_take(5000)); /* another thread's */
}

/* Every thread's share becomes less as there come to be more of them; who does nothing keeps what it has. */
static void a_thread_keeps_no_more_than_its_share(void **state)
{
    (void)state;
    enum { BYTES = 20000 };
    struct theap *heap = begin_thread();
    for (size_t held = 0; held < 2 * registry_cache_limit(); held += BYTES) {
        keep_or_release(block_of(BYTES));
        assert_true(heap->medium.bytes <= registry_cache_limit());
    }
    size_t before = registry_cache_limit();
    for (int i = 0; i < 20; i++) {
        begin_thread();
    }
    become(heap);
    assert_true(registry_cache_limit() < before / 4);
    for (int i = 0; i < 1000; i++) {
        keep_or_release(block_of(2000));
        void *payload = front_take(2000);
        if (payload != NULL) {
            release(payload);
        }
    }
    assert_true(heap->medium.bytes <= registry_cache_limit());
}

static void large_blocks_are_not_kept(void **state)
{
    (void)state;
    begin_thread();
    void *large = block_of(MEDIUM_MAX);
    assert_false(front_keep(mb_of_payload(large)));
    release(large);
}

static void small_blocks_are_kept_while_their_class_has_no_slab(void **state)
{
    (void)state;
    begin_thread();
    void *small = block_of(900);
    assert_true(front_keep(mb_of_payload(small)));
    assert_ptr_equal(front_take(900), small);
    void *object = first_object(900);
    assert_false(front_keep(mb_of_payload(small)));
    release(small);
    front_free(object);
}

/* Slabs serve the size, and not the alignment. */
static void aligned_blocks_are_kept_for_aligned_requests(void **state)
{
    (void)state;
    begin_thread();
    void *object = first_object(256);
    void *aligned = cores_alloc_aligned(256, 256);
    assert_true(front_keep(mb_of_payload(aligned)));
    assert_ptr_equal(front_take_aligned(256, 250), aligned);
    assert_null(front_take_aligned(256, 250));
    release(aligned);
    front_free(object);
}

static void a_thread_without_a_heap_keeps_nothing(void **state)
{
    (void)state;
    become(THEAP_OFF);
    void *payload = block_of(5000);
    assert_false(front_keep(mb_of_payload(payload)));
    release(payload);
}

static void a_thread_that_asks_for_no_blocks_keeps_none(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    heap->medium.demand[medium_bin_for(5000)] = 0;
    void *payload = block_of(5000);
    assert_false(front_keep(mb_of_payload(payload)));
    assert_null(front_take(5000));
    assert_true(front_keep(mb_of_payload(payload)));
    assert_ptr_equal(front_take(5000), payload);
    release(payload);
}

/* Its batches are larger than the cache: what was asked for last may be long ago. */
static void a_thread_that_has_asked_goes_on_caching(void **state)
{
    (void)state;
    enum { BATCH = 400 };
    static void *payloads[BATCH];
    struct theap *heap = begin_thread();
    heap->medium.demand[medium_bin_for(5000)] = 0;
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < BATCH; i++) {
            payloads[i] = take_or_ask(1500);
        }
        for (size_t i = 0; i < BATCH; i++) {
            keep_or_release(payloads[i]);
        }
        assert_true(heap->medium.count > MEDIUM_ROOM_FIRST / 2);
    }
}

static void settling_gives_the_cached_blocks_back(void **state)
{
    (void)state;
    size_t live = core_live_count();
    begin_thread();
    live = core_live_count() > live ? core_live_count() : live;
    assert_false(front_settle());
    front_keep(mb_of_payload(block_of(5000)));
    assert_true(front_settle());
    assert_int_equal(core_live_count(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEDIUM_TEST(sizes_within_the_bounds_are_cached),
        MEDIUM_TEST(an_empty_cache_has_nothing),
        MEDIUM_TEST(rounding_costs_a_sixteenth_at_most),
        MEDIUM_TEST(powers_of_two_are_not_rounded),
        MEDIUM_TEST(a_block_of_the_right_size_is_taken_and_a_smaller_one_is_not),
        MEDIUM_TEST(no_block_is_too_small_for_its_request_or_wastes_more_than_a_quarter),
        MEDIUM_TEST(the_smaller_of_two_that_fit_is_taken),
        MEDIUM_TEST(the_last_freed_of_equals_is_taken),
        MEDIUM_TEST(an_aligned_payload_is_found_among_others),
        MEDIUM_TEST(the_bytes_and_blocks_are_counted),
        MEDIUM_TEST(the_cache_never_holds_more_than_the_limit),
        MEDIUM_TEST(beyond_the_limit_more_than_the_surplus_goes),
        MEDIUM_TEST(a_block_beyond_the_limit_is_not_kept),
        MEDIUM_TEST(the_largest_are_given_back_first),
        MEDIUM_TEST(few_blocks_go_at_a_time),
        MEDIUM_TEST(a_shed_block_is_missed_once),
        MEDIUM_TEST(what_else_leaves_the_cache_is_not_missed),
        MEDIUM_TEST(a_missed_block_does_not_change_how_many_are_wanted),
        MEDIUM_TEST(what_is_within_the_bound_stays),
        MEDIUM_TEST(what_is_flushed_is_free_in_the_core),
        MEDIUM_TEST(what_a_vanished_owner_was_about_to_change_is_left),
        MEDIUM_TEST(what_the_core_gave_is_counted_until_it_is_given_back),
        MEDIUM_TEST(the_count_has_bounds),
        MEDIUM_TEST(a_block_that_is_too_large_is_not_looked_into),
        MEDIUM_TEST(only_a_cached_block_is_held),
        MEDIUM_TEST(the_mark_of_a_slabs_object_is_not_that_of_a_cached_block),
        MEDIUM_TEST(a_flushed_block_leaves_no_mark),
        MEDIUM_TEST(a_cached_block_is_refused),
        MEDIUM_TEST(a_second_free_is_told_whatever_was_written_in_between),
        MEDIUM_TEST(a_close_look_finds_what_was_written_to_among_others),
        MEDIUM_TEST(a_released_block_serves_its_threads_next_request),
        MEDIUM_TEST(a_thread_keeps_no_more_than_its_share),
        MEDIUM_TEST(large_blocks_are_not_kept),
        MEDIUM_TEST(small_blocks_are_kept_while_their_class_has_no_slab),
        MEDIUM_TEST(aligned_blocks_are_kept_for_aligned_requests),
        MEDIUM_TEST(a_thread_without_a_heap_keeps_nothing),
        MEDIUM_TEST(a_thread_that_asks_for_no_blocks_keeps_none),
        MEDIUM_TEST(a_thread_that_has_asked_goes_on_caching),
        MEDIUM_TEST(settling_gives_the_cached_blocks_back),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
