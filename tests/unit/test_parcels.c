/*
 * Blocks that one thread passes on to another.
 */
#include "medium_fixture.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

/* Blocks of a small parcel. */
enum { COUNT = 3 };

static struct parcel parcel;
static void *payloads[COUNT];

static void fill(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        payloads[i] = block_of(2000 + 1000 * i);
        parcel_add(&parcel, mb_of_payload(payloads[i]), block_size(payloads[i]));
    }
}

static size_t bytes_of_all(void)
{
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT; i++) {
        bytes += block_size(payloads[i]);
    }
    return bytes;
}

static int parcels_teardown(void **state)
{
    cores_free_chain(parcel_unpack(&parcel, NULL));
    parcels_flush();
    return front_teardown(state);
}

#define PARCELS_TEST(function) cmocka_unit_test_teardown(function, parcels_teardown)

/* ---- By themselves ---- */

static void what_is_put_in_bears_a_mark_and_is_counted(void **state)
{
    (void)state;
    fill();
    assert_int_equal(parcel.count, COUNT);
    assert_int_equal(parcel.bytes, bytes_of_all());
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(medium_holds(payloads[i]));
    }
}

static void what_is_unpacked_bears_none(void **state)
{
    (void)state;
    fill();
    struct object *chain = parcel_unpack(&parcel, NULL);
    assert_int_equal(length_of(chain), COUNT);
    assert_int_equal(parcel.count, 0);
    assert_int_equal(parcel.bytes, 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_false(medium_holds(payloads[i]));
    }
    cores_free_chain(chain);
}

static void what_is_sent_can_be_taken_once(void **state)
{
    (void)state;
    assert_null(parcels_take());
    fill();
    parcel_send(&parcel);
    assert_int_equal(parcel.count, 0);
    assert_true(parcels_exist());
    assert_int_equal(parcels_count(), COUNT);
    assert_int_equal(parcels_bytes(), bytes_of_all());
    struct object *chain = parcels_take();
    assert_int_equal(length_of(chain), COUNT);
    assert_false(parcels_exist());
    assert_int_equal(parcels_bytes(), 0);
    assert_null(parcels_take());
    for (size_t i = 0; i < COUNT; i++) {
        assert_false(medium_holds(payloads[i]));
    }
    cores_free_chain(chain);
}

static void no_more_wait_than_there_are_pigeonholes(void **state)
{
    (void)state;
    size_t live = core_live_count();
    for (size_t i = 0; i < PARCEL_HOLES + 2; i++) {
        fill();
        parcel_send(&parcel);
    }
    assert_int_equal(parcels_count(), PARCEL_HOLES * COUNT);
    assert_int_equal(core_live_count(), live + PARCEL_HOLES * COUNT);
    assert_true(parcels_flush());
    assert_int_equal(core_live_count(), live);
    assert_false(parcels_flush());
}

static void take(void *unused)
{
    (void)unused;
    parcels_take();
}

static void put_in(void *payload)
{
    parcel_add(&parcel, mb_of_payload(payload), block_size(payload));
}

static void look_for(void *payload)
{
    parcel_has(&parcel, mb_of_payload(payload));
}

static void a_write_to_what_was_sent_is_told(void **state)
{
    (void)state;
    fill();
    struct object *o = payloads[1];
    struct object *next = o->next;
    parcel_send(&parcel);
    o->next = NULL;
    assert_aborts(take, NULL, "corrupted free list");
    o->next = next;
}

static void a_free_of_the_last_that_was_put_in_is_told(void **state)
{
    (void)state;
    fill();
    struct object *last = payloads[COUNT - 1];
    struct object was = *last;
    *last = (struct object){0};
    assert_aborts(put_in, last, "free already");
    *last = was;
}

static void what_is_in_is_known_whatever_is_written_there(void **state)
{
    (void)state;
    fill();
    struct object *o = payloads[1];
    struct object was = *o;
    *o = (struct object){.next = (struct object *)1};
    assert_true(parcel_has(&parcel, mb_of_payload(o)));
    assert_aborts(look_for, payloads[0], "corrupted free list"); /* behind what was written to */
    *o = was;
    assert_true(parcel_has(&parcel, mb_of_payload(payloads[0])));
}

static void a_child_has_none(void **state)
{
    (void)state;
    size_t live = core_live_count();
    fill();
    parcel_send(&parcel);
    parcels_after_fork();
    assert_false(parcels_exist());
    assert_int_equal(core_live_count(), live);
}

/* ---- By way of the threads ---- */

/* So that the process is not taken for one of a single thread. */
static void *wait_for_end(void *gate)
{
    char byte;
    return read(*(int *)gate, &byte, 1) == 0 ? NULL : gate;
}

static pthread_t other;
static int gate[2];

static int start_other(void **state)
{
    (void)state;
    return pipe(gate) != 0 || pthread_create(&other, NULL, wait_for_end, &gate[0]) != 0;
}

static int end_other(void **state)
{
    close(gate[1]);
    pthread_join(other, NULL);
    close(gate[0]);
    return parcels_teardown(state);
}

#define THREADS_TEST(function) cmocka_unit_test_setup_teardown(function, start_other, end_other)

/* A thread that frees what it never asks for: the first of the blocks, no two of which are neighbours. */
static void *free_unasked(size_t count)
{
    void *blocks[2 * PARCEL_COUNT];
    struct theap *heap = begin_thread();
    heap->medium.demand[medium_bin_for(5000)] = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        blocks[i] = block_of(1500);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(front_keep(mb_of_payload(blocks[2 * i])));
    }
    for (size_t i = 0; i < count; i++) {
        release(blocks[2 * i + 1]);
    }
    return blocks[0];
}

static void what_a_thread_never_asks_for_serves_another(void **state)
{
    (void)state;
    void *freed = free_unasked(PARCEL_COUNT);
    assert_true(parcels_exist());
    begin_thread();
    size_t count = 0;
    bool is_found = false;
    for (void *taken = front_take(1500); taken != NULL; taken = front_take(1500)) {
        is_found |= taken == freed;
        count++;
        release(taken);
    }
    assert_true(is_found);
    assert_int_equal(count, PARCEL_COUNT);
    assert_false(parcels_exist());
}

static struct theap *begin_wide_thread(void)
{
    struct theap *heap = begin_thread();
    medium_widen(&heap->medium, registry_places(heap), MEDIUM_ROOM);
    heap->asks = true;
    theap_bound_cache(heap);
    return heap;
}

/* Whether a thread that lacks a block takes a parcel. */
static bool takes_a_parcel(void)
{
    void *taken = front_take(1500);
    if (taken != NULL) {
        release(taken);
    }
    assert_int_equal(taken != NULL, !parcels_exist());
    return taken != NULL;
}

/* Cache blocks up to so many bytes. */
static void fill_cache(struct theap *heap, size_t bytes)
{
    while (heap->medium.bytes < bytes) {
        assert_true(front_keep(mb_of_payload(block_of(3000))));
    }
}

static void a_thread_that_has_some_cached_takes_nothing(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT);
    fill_cache(begin_thread(), PARCEL_COUNT / 2 * 3000);
    assert_false(takes_a_parcel());
}

static void a_thread_with_a_wide_cache_takes_nothing_where_that_is_half_full(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT);
    struct theap *heap = begin_wide_thread();
    fill_cache(heap, heap->cache_limit / 2 + 1);
    assert_false(takes_a_parcel());
}

static void
a_thread_with_a_wide_cache_takes_what_it_lacks_where_that_is_less_than_half_full(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT);
    struct theap *heap = begin_wide_thread();
    fill_cache(heap, heap->cache_limit / 2 - 20000);
    assert_true(heap->medium.count > PARCEL_COUNT / 2);
    assert_true(takes_a_parcel());
}

/* Two blocks fill the cache of a thread that goes on to free smaller ones, which it asks for: whether the cache then holds both still. */
static bool keeps_large_for_small(struct theap *heap)
{
    medium_want(&heap->medium, medium_bin_for(1500));
    theap_bound_cache(heap);
    size_t large = heap->cache_limit / 16 * 7; /* blocks of it may be larger by a sixteenth */
    void *blocks[] = {block_of(large), block_of(large)};
    size_t bin = medium_bin(block_size(blocks[0]));
    void *small[PARCEL_COUNT];
    for (size_t i = 0; i < PARCEL_COUNT; i++) {
        small[i] = block_of(1500);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        assert_true(front_keep(mb_of_payload(blocks[i])));
    }
    for (size_t i = 0; i < PARCEL_COUNT; i++) {
        keep_or_release(small[i]);
    }
    return heap->medium.counts[bin] == COUNT_OF(blocks);
}

static void larger_blocks_make_room_in_a_narrow_cache(void **state)
{
    (void)state;
    begin_thread();
    assert_false(keeps_large_for_small(begin_thread()));
}

static void larger_blocks_make_room_in_a_wide_cache_where_no_other_thread_has_a_heap(void **state)
{
    (void)state;
    assert_false(keeps_large_for_small(begin_wide_thread()));
}

static void larger_blocks_stay_in_a_wide_cache_where_another_thread_has_a_heap(void **state)
{
    (void)state;
    begin_thread();
    assert_true(keeps_large_for_small(begin_wide_thread()));
}

static void an_end_gives_back_what_was_gathered(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT - 1);
    struct theap *heap = front_heap();
    assert_int_equal(medium_all_count(&heap->medium), PARCEL_COUNT - 1);
    size_t live = core_live_count();
    end_thread(heap);
    assert_int_equal(core_live_count(), live - (PARCEL_COUNT - 1));
    assert_false(parcels_exist());
}

static void shares_bound_what_is_gathered(void **state)
{
    (void)state;
    struct theap *heaps[50];
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        heaps[i] = begin_thread();
    }
    assert_true(registry_cache_limit() < PARCEL_COUNT / 2 * 1500);
    free_unasked(PARCEL_COUNT / 2);
    assert_true(medium_all_bytes(&front_heap()->medium) <= registry_cache_limit());
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        end_thread(heaps[i]);
    }
}

static void what_waits_is_taken_where_memory_is_out(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT);
    assert_true(reclaim_all(NULL));
    assert_false(parcels_exist());
}

static void what_waits_counts_as_free(void **state)
{
    (void)state;
    free_unasked(PARCEL_COUNT);
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 0);
    assert_true(stats.cached_bytes >= PARCEL_COUNT * 1500);
}

static void free_first(void *payload)
{
    medium_block_of(space_segment_of(payload), payload, "free");
}

static void a_second_free_of_what_waits_is_told(void **state)
{
    (void)state;
    void *freed = free_unasked(PARCEL_COUNT);
    assert_aborts(free_first, freed, "free already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARCELS_TEST(what_is_put_in_bears_a_mark_and_is_counted),
        PARCELS_TEST(what_is_unpacked_bears_none),
        PARCELS_TEST(what_is_sent_can_be_taken_once),
        PARCELS_TEST(no_more_wait_than_there_are_pigeonholes),
        PARCELS_TEST(a_write_to_what_was_sent_is_told),
        PARCELS_TEST(a_free_of_the_last_that_was_put_in_is_told),
        PARCELS_TEST(what_is_in_is_known_whatever_is_written_there),
        PARCELS_TEST(a_child_has_none),
        THREADS_TEST(what_a_thread_never_asks_for_serves_another),
        THREADS_TEST(a_thread_that_has_some_cached_takes_nothing),
        THREADS_TEST(a_thread_with_a_wide_cache_takes_nothing_where_that_is_half_full),
        THREADS_TEST(
            a_thread_with_a_wide_cache_takes_what_it_lacks_where_that_is_less_than_half_full),
        PARCELS_TEST(larger_blocks_make_room_in_a_narrow_cache),
        PARCELS_TEST(larger_blocks_make_room_in_a_wide_cache_where_no_other_thread_has_a_heap),
        PARCELS_TEST(larger_blocks_stay_in_a_wide_cache_where_another_thread_has_a_heap),
        THREADS_TEST(an_end_gives_back_what_was_gathered),
        THREADS_TEST(shares_bound_what_is_gathered),
        THREADS_TEST(what_waits_is_taken_where_memory_is_out),
        THREADS_TEST(what_waits_counts_as_free),
        THREADS_TEST(a_second_free_of_what_waits_is_told),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
