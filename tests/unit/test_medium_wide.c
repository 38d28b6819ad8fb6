/*
 * A block cache with more places, and whose thread has one.
 */
#include "medium_fixture.h"

#include "base/options.h"
#include "front/reclaim.h"
#include "front/room.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A cache by itself ---- */

static struct medium_places places;

static void a_wider_cache_has_what_it_had(void **state)
{
    (void)state;
    void *payloads[MEDIUM_ROOM_FIRST];
    fill_with_sizes(3);
    size_t count = medium.count;
    size_t bytes = medium.bytes;
    medium_widen(&medium, &places, MEDIUM_ROOM);
    assert_int_equal(medium.count, count);
    assert_int_equal(medium.bytes, bytes);
    for (size_t i = 0; i < count; i++) {
        payloads[i] = medium_take(&medium, 1100 + 700 * (i % 3));
        assert_non_null(payloads[i]);
        memset(payloads[i], 0xa5, 1100);
    }
    assert_int_equal(medium.bytes, 0);
    for (size_t i = 0; i < count; i++) {
        add(payloads[i]);
    }
    assert_int_equal(medium.bytes, bytes);
}

static void a_wider_cache_has_more_room_for_all_and_for_each(void **state)
{
    (void)state;
    fill_with_sizes(40);
    size_t count = medium.count;
    size_t most = most_in_a_bin();
    medium_widen(&medium, &places, MEDIUM_ROOM);
    fill_with_sizes(40);
    assert_true(medium.count > count + MEDIUM_ROOM_FIRST / 2);
    assert_true(most_in_a_bin() > most);
}

static void all_places_of_a_wider_cache_are_of_use(void **state)
{
    (void)state;
    memset(&places, 0xff, sizeof(places));
    medium_widen(&medium, &places, MEDIUM_ROOM);
    fill_with_sizes(1);
    assert_int_equal(medium.count, MEDIUM_ROOM);
    while (medium.count > 0) {
        void *payload = medium_take(&medium, 1100);
        assert_non_null(payload);
        release(payload);
    }
    assert_null(medium_take(&medium, 1100));
}

static void a_dozen_sizes_have_nearly_all_places_of_a_wider_cache(void **state)
{
    (void)state;
    medium_widen(&medium, &places, MEDIUM_ROOM);
    fill_with_sizes(12);
    assert_in_range(medium.count, MEDIUM_ROOM * 7 / 8, MEDIUM_ROOM);
}

static void all_of_a_wider_cache_is_salvaged(void **state)
{
    (void)state;
    size_t live = core_live_count();
    medium_widen(&medium, &places, MEDIUM_ROOM);
    fill_with_sizes(2);
    assert_int_equal(core_live_count(), live + medium.count);
    assert_true(medium.count > MEDIUM_ROOM_FIRST);
    medium_salvage(&medium);
    assert_int_equal(core_live_count(), live);
    add(block_of(2000));
    assert_int_equal(medium.count, 1);
}

/* ---- Threads ---- */

enum { EACH = 10, SIZES = 20, ALL = EACH * SIZES };

static void *payloads[ALL];

/* Ask for so many blocks of each of so many sizes; the front has a place for 4 of a size at first. */
static void ask(void)
{
    for (size_t i = 0; i < ALL; i++) {
        payloads[i] = take_or_ask(600 + MA_ALIGNMENT * (i % SIZES));
    }
}

static void free_all(void)
{
    for (size_t i = 0; i < ALL; i++) {
        keep_or_release(payloads[i]);
    }
}

static void turn_over(size_t turns)
{
    for (; turns > 0; turns--) {
        ask();
        free_all();
    }
}

/* A new thread, whose heap has been widened. */
static struct theap *begin_wide_thread(void)
{
    struct theap *heap = begin_thread();
    turn_over(10);
    assert_true(heap->medium.count > MEDIUM_ROOM_FIRST);
    return heap;
}

/* A new thread with a heap that did not rest. */
static struct theap *begin_fresh_thread(void)
{
    reclaim_all(NULL);
    struct theap *heap = begin_thread();
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
    return heap;
}

static void a_thread_that_goes_on_lacking_room_gets_more(void **state)
{
    (void)state;
    struct theap *heap = begin_fresh_thread();
    turn_over(1);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST); /* it may have been for once */
    turn_over(9);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM);
    assert_true(heap->medium.count > MEDIUM_ROOM_FIRST);
}

/* Where each free looks through all that a bin holds, that is less. */
static void with_checks_it_gets_fewer_places(void **state)
{
    (void)state;
    struct theap *heap = begin_fresh_thread();
    options.check = 1;
    turn_over(10);
    options.check = 0;
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_CHECKED);
    assert_in_range(heap->medium.count, MEDIUM_ROOM_FIRST, MEDIUM_ROOM_CHECKED);
}

static void a_thread_that_lacks_none_keeps_the_places_that_it_has(void **state)
{
    (void)state;
    struct theap *heap = begin_fresh_thread();
    for (size_t i = 0; i < 3000; i++) {
        keep_or_release(take_or_ask(600 + MA_ALIGNMENT * (i % SIZES)));
    }
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
}

/* It frees what others have asked for. */
static void what_a_thread_does_not_ask_for_widens_no_cache(void **state)
{
    (void)state;
    struct theap *heap = begin_fresh_thread();
    for (size_t i = 0; i < 2000; i++) {
        keep_or_release(block_of(6000 + 200 * (i % SIZES)));
    }
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
}

static void what_one_thread_has_lacked_does_not_count_for_the_next(void **state)
{
    (void)state;
    struct theap *heap = begin_fresh_thread();
    turn_over(1);
    end_thread(heap);
    assert_ptr_equal(begin_thread(), heap); /* it has rested */
    turn_over(1);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
}

static void a_heap_keeps_the_memory_of_its_places(void **state)
{
    (void)state;
    struct theap *heap = begin_wide_thread();
    const struct medium_places *had = heap->places;
    end_thread(heap);
    assert_ptr_equal(begin_fresh_thread(), heap);
    turn_over(10);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM);
    assert_ptr_equal(heap->places, had);
    assert_ptr_equal(heap->medium.entries, had->entries);
}

/* Nothing that is freed merges with another block to something larger. */
static void a_cache_is_widened_later_where_memory_is_out(void **state)
{
    (void)state;
    void *between[ALL];
    struct theap *heap = begin_thread();
    while (heap->places != NULL) {
        heap = begin_thread();
    }
    for (size_t i = 0; i < ALL; i++) {
        payloads[i] = block_of(600 + MA_ALIGNMENT * (i % SIZES));
        between[i] = block_of(MA_ALIGNMENT);
    }
    use_up_memory();
    while (room_take(MA_CACHE_LINE) != NULL) {
    }
    free_all();
    turn_over(10);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
    assert_true(heap->medium.count > 0);
    give_memory_back();
    turn_over(1);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM);
    for (size_t i = 0; i < ALL; i++) {
        release(between[i]);
    }
}

static void a_wide_cache_holds_a_larger_share_of_a_large_heap(void **state)
{
    (void)state;
    void *large = cores_alloc((size_t)64 << 20);
    struct theap *narrow = begin_fresh_thread();
    turn_over(1);
    assert_int_equal(narrow->share, registry_cache_limit());
    struct theap *wide = begin_wide_thread();
    assert_true(wide->share > 2 * narrow->share);
    assert_int_equal(wide->cache_limit, wide->share);
    release(large);
}

/* So many threads that a thread's part of the heap is small; and what swings may take is taken. */
static void begin_others(void)
{
    for (int i = 0; i < 60; i++) {
        registry_wide_cache_limit(begin_thread(), MA_CACHE_WIDE_MAX);
    }
}

/* The thread's share, after so many turns in each of which it frees `count` blocks and then asks for as many. */
static size_t share_after_turns_of(size_t count)
{
    struct theap *heap = begin_wide_thread();
    ask();
    for (size_t done = 0; done < (size_t)40 * ALL; done += count) {
        size_t first = done % ALL;
        for (size_t i = first; i < first + count; i++) {
            keep_or_release(payloads[i]);
        }
        for (size_t i = first; i < first + count; i++) {
            payloads[i] = take_or_ask(4000 + 200 * (i % SIZES));
        }
    }
    free_all();
    return heap->share;
}

static void a_thread_that_frees_much_and_then_asks_for_as_much_may_hold_more(void **state)
{
    (void)state;
    void *large = cores_alloc((size_t)16 << 20);
    begin_others();
    size_t one_by_one = share_after_turns_of(1);
    reclaim_all(NULL);
    size_t all_at_once = share_after_turns_of(ALL);
    assert_true(all_at_once > one_by_one + one_by_one / 4);
    release(large);
}

static void a_wide_cache_remembers_its_swing_while_it_keeps_hundreds_of_blocks(void **state)
{
    (void)state;
    struct theap *heap = begin_wide_thread();
    heap->keep_left = 0;
    theap_bound_cache(heap);
    heap->swing.regained = (size_t)1 << 20;
    turn_over(2);
    assert_int_equal(heap->swing.regained, (size_t)1 << 20);
    turn_over(2);
    assert_true(heap->swing.regained < (size_t)1 << 20);
}

/* Ask for some blocks of `size` bytes and free them, so many times. */
static void ask_and_free(size_t size, int turns)
{
    for (; turns > 0; turns--) {
        void *some[20];
        for (size_t i = 0; i < 20; i++) {
            some[i] = take_or_ask(size);
        }
        for (size_t i = 0; i < 20; i++) {
            keep_or_release(some[i]);
        }
    }
}

static void blocks_that_nobody_asks_for_go_where_their_bytes_are_in_the_way(void **state)
{
    (void)state;
    void *large = cores_alloc((size_t)24 << 20);
    begin_others();
    struct theap *heap = begin_wide_thread();
    ask_and_free(8000, 40);
    size_t bin = medium_bin_for(8000);
    assert_true(heap->medium.counts[bin] > 10);
    ask_and_free(40000, 200);
    assert_int_equal(heap->medium.counts[bin], 0);
    release(large);
}

static size_t most_given_at_once(struct theap *heap)
{
    size_t most = 0;
    for (size_t i = 0; i < ALL; i++) {
        size_t count = medium_all_count(&heap->medium);
        keep_or_release(payloads[i]);
        size_t now = medium_all_count(&heap->medium);
        most = count > now + most ? count - now : most;
    }
    return most;
}

static void no_call_gives_back_many_when_the_limit_falls(void **state)
{
    (void)state;
    reclaim_all(NULL);
    struct theap *heap = begin_wide_thread();
    ask();
    for (size_t i = 0; i < 1000; i++) { /* an only thread has room for most of these */
        void *block = block_of(2000 + 20 * (i % 400));
        medium_want(&heap->medium, medium_bin(block_size(block)));
        keep_or_release(block);
    }
    assert_true(heap->medium.count > 600);
    begin_others();
    become(heap);
    heap->keep_left = 0;
    assert_in_range(most_given_at_once(heap), 2, 40);
    assert_true(medium_all_bytes(&heap->medium) < (size_t)2 << 20);
}

/* Keep `count` blocks of a size of their own. */
static void cache_some(struct theap *heap, size_t count)
{
    medium_flush(&heap->medium);
    for (size_t i = 0; i < count; i++) {
        payloads[i] = block_of(5000);
    }
    medium_want(&heap->medium, medium_bin_for(5000));
    for (size_t i = 0; i < count; i++) {
        keep_or_release(payloads[i]);
    }
    assert_int_equal(heap->medium.count, count);
}

static void what_was_shed_and_asked_for_again_is_not_shed_once_more(void **state)
{
    (void)state;
    void *large = block_of(8 << 20);
    struct theap *heap = begin_wide_thread();
    cache_some(heap, 20);
    assert_true(heap->medium.bytes < heap->cache_limit / 2);
    theap_shed(heap, 20 * 5000);
    assert_int_equal(heap->medium.count, 0);
    assert_null(front_take(5000)); /* it lacks two of them */
    assert_null(front_take(5000));
    cache_some(heap, 20);
    theap_shed(heap, 5000);
    theap_shed(heap, 5000);
    assert_int_equal(heap->medium.count, 20); /* the core may have grown */
    theap_shed(heap, 5000);
    assert_in_range(heap->medium.count, 1, 19);
    release(large);
}

static void a_request_of_no_bytes_has_its_price(void **state)
{
    (void)state;
    void *large = block_of(8 << 20);
    struct theap *heap = begin_wide_thread();
    cache_some(heap, 20);
    theap_shed(heap, 0);
    assert_in_range(heap->medium.count, 1, 19);
    release(large);
}

/* Then what it holds is more than it needs. */
static void a_cache_that_is_well_filled_is_shed_whatever_was_asked_for(void **state)
{
    (void)state;
    struct theap *heap = begin_wide_thread();
    cache_some(heap, 20);
    swing_regret(&heap->swing, 100000);
    heap->cache_limit = heap->medium.bytes + 5000;
    theap_shed(heap, 5000);
    assert_in_range(heap->medium.count, 1, 19);
}

static void what_a_wide_cache_holds_is_taken_where_memory_is_short(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    size_t live = core_live_count();
    struct theap *wide = begin_wide_thread();
    assert_true(core_live_count() > live + MEDIUM_ROOM_FIRST);
    assert_true(reclaim_all(mine));
    assert_true(core_live_count() <= live + 1); /* a granule of places may be new */
    assert_int_equal(wide->medium.count, 0);
    turn_over(1);
    assert_true(wide->medium.count > MEDIUM_ROOM_FIRST);
}

static void after_a_fork_what_a_wide_cache_held_is_free(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    size_t live = core_live_count();
    struct theap *vanished = begin_wide_thread();
    become(mine);
    registry_after_fork(mine, false);
    assert_true(core_live_count() <= live + 1); /* as above */
    assert_int_equal(vanished->medium.count, 0);
    assert_ptr_equal(begin_thread(), vanished);
    turn_over(10);
    assert_int_equal(vanished->medium.room, MEDIUM_ROOM);
}

static pthread_barrier_t is_held;

static void *hold_registry(void *unused)
{
    registry_hold();
    pthread_barrier_wait(&is_held);
    pause();
    return unused;
}

/* Another thread had the registry, and this one's heap shut, when a handler that had interrupted a core forked. */
static int use_reopened_heap(void)
{
    pthread_t thread;
    struct theap *mine = begin_wide_thread();
    struct ma_core *core = cores_owner_of(payloads[0]);
    void *block = block_of(2000);
    pthread_barrier_init(&is_held, NULL, 2);
    pthread_create(&thread, NULL, hold_registry, NULL);
    pthread_barrier_wait(&is_held);
    lock_acquire(&core->lock);
    mine->is_shut = true;
    registry_after_fork(mine, false);
    lock_release(&core->lock);
    bool is_empty = front_take(2000) == NULL;
    bool is_kept = front_keep(mb_of_payload(block));
    return is_empty && is_kept && front_take(2000) == block ? 0 : 1;
}

static void a_heap_that_was_shut_amid_a_fork_caches_again(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(use_reopened_heap());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEDIUM_TEST(a_wider_cache_has_what_it_had),
        MEDIUM_TEST(a_wider_cache_has_more_room_for_all_and_for_each),
        MEDIUM_TEST(all_places_of_a_wider_cache_are_of_use),
        MEDIUM_TEST(a_dozen_sizes_have_nearly_all_places_of_a_wider_cache),
        MEDIUM_TEST(all_of_a_wider_cache_is_salvaged),
        MEDIUM_TEST(a_thread_that_goes_on_lacking_room_gets_more),
        MEDIUM_TEST(with_checks_it_gets_fewer_places),
        MEDIUM_TEST(a_thread_that_lacks_none_keeps_the_places_that_it_has),
        MEDIUM_TEST(what_a_thread_does_not_ask_for_widens_no_cache),
        MEDIUM_TEST(what_one_thread_has_lacked_does_not_count_for_the_next),
        MEDIUM_TEST(a_heap_keeps_the_memory_of_its_places),
        MEDIUM_TEST(a_cache_is_widened_later_where_memory_is_out),
        MEDIUM_TEST(a_wide_cache_holds_a_larger_share_of_a_large_heap),
        MEDIUM_TEST(a_thread_that_frees_much_and_then_asks_for_as_much_may_hold_more),
        MEDIUM_TEST(a_wide_cache_remembers_its_swing_while_it_keeps_hundreds_of_blocks),
        MEDIUM_TEST(blocks_that_nobody_asks_for_go_where_their_bytes_are_in_the_way),
        MEDIUM_TEST(no_call_gives_back_many_when_the_limit_falls),
        MEDIUM_TEST(what_was_shed_and_asked_for_again_is_not_shed_once_more),
        MEDIUM_TEST(a_request_of_no_bytes_has_its_price),
        MEDIUM_TEST(a_cache_that_is_well_filled_is_shed_whatever_was_asked_for),
        MEDIUM_TEST(what_a_wide_cache_holds_is_taken_where_memory_is_short),
        MEDIUM_TEST(after_a_fork_what_a_wide_cache_held_is_free),
        MEDIUM_TEST(a_heap_that_was_shut_amid_a_fork_caches_again),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
