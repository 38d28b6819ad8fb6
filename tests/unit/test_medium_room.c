/*
 * The block cache's places: which blocks have them.
 */
#include "medium_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Add blocks of `count` sizes in turn, as long as there is room for any. */
static void fill_with_sizes(size_t count)
{
    bool has_room = true;
    while (has_room) {
        has_room = false;
        for (size_t i = 0; i < count; i++) {
            void *payload = block_of(1100 + 700 * i);
            if (medium_has_room(&medium, medium_bin(block_size(payload)))) {
                add(payload);
                has_room = true;
            } else {
                release(payload);
            }
        }
    }
}

static size_t most_in_a_bin(void)
{
    size_t most = 0;
    for (size_t bin = 0; bin < MEDIUM_BIN_COUNT; bin++) {
        most = medium.counts[bin] > most ? medium.counts[bin] : most;
    }
    return most;
}

static void few_sizes_share_the_room(void **state)
{
    (void)state;
    for (size_t sizes = 1; sizes <= MEDIUM_FEW_BINS; sizes++) {
        fill_with_sizes(sizes);
        assert_in_range(medium.count, medium.room - sizes, medium.room);
        assert_in_range(most_in_a_bin(), medium.room / sizes, medium.room / sizes + 1);
        medium_flush(&medium);
    }
}

static void of_many_sizes_each_has_a_few_places(void **state)
{
    (void)state;
    fill_with_sizes(20);
    size_t share = medium_bin_room(&medium);
    assert_in_range(most_in_a_bin(), share, medium.room / 2 / 20 + share);
    assert_true(medium_has_room(&medium, medium_bin(mb_size_for(60000))));
}

static void there_is_an_end_to_the_room(void **state)
{
    (void)state;
    size_t size = MA_SMALL_MAX + 8;
    while (medium.count < medium.room) {
        add(block_of(size));
        size += 200;
    }
    assert_false(medium_has_room(&medium, medium_bin(mb_size_for(1100))));
    medium_shed(&medium);
    assert_true(medium_has_room(&medium, medium_bin(mb_size_for(30000))));
}

/* Blocks of sizes that are asked for no more take all places, save for those of one bin. */
static void fill_with_stale_blocks(size_t wanted)
{
    for (size_t size = MA_SMALL_MAX + 8; medium.count < medium.room; size += 250) {
        if (medium_bin(mb_size_for(size)) != medium_bin(mb_size_for(wanted))) {
            add(block_of(size));
        }
    }
}

/* The thread asks for `count` blocks of a size, and frees them: how many of these the cache has served, and now has. */
static size_t served_in_turn(size_t size, size_t count)
{
    void *payloads[MEDIUM_ROOM];
    size_t served = 0;
    for (size_t i = 0; i < count; i++) {
        payloads[i] = medium_take(&medium, size);
        served += payloads[i] != NULL;
        payloads[i] = payloads[i] != NULL ? payloads[i] : block_of(size);
    }
    for (size_t i = 0; i < count; i++) {
        size_t freed = block_size(payloads[i]);
        if (medium_has_room(&medium, medium_bin(freed)) || medium_make_room(&medium, freed)) {
            add(payloads[i]);
        } else {
            release(payloads[i]);
        }
    }
    return served;
}

static void what_is_asked_for_no_more_makes_room(void **state)
{
    (void)state;
    fill_with_stale_blocks(5000);
    size_t served = 0;
    for (int round = 0; round < 20; round++) {
        served = served_in_turn(5000, 32);
    }
    assert_int_equal(served, 32);
    assert_true(medium.count <= medium.room);
}

static void what_is_asked_for_stays_when_others_are_freed(void **state)
{
    (void)state;
    served_in_turn(5000, 32);
    fill_with_stale_blocks(5000);
    for (size_t i = 0; i < 100; i++) {
        assert_false(medium_make_room(&medium, mb_size_for(9000))); /* nobody has asked for these */
    }
    assert_int_equal(served_in_turn(5000, 32), 32);
}

static void one_size_makes_room_for_others_that_are_asked_for(void **state)
{
    (void)state;
    while (medium.count < medium.room) {
        add(block_of(5000));
    }
    for (int round = 0; round < 20; round++) {
        served_in_turn(5000, 1);
        served_in_turn(9000, 3);
    }
    assert_int_equal(served_in_turn(9000, 3), 3);
    assert_int_equal(served_in_turn(5000, 100), 100);
}

/* ---- A wider cache ---- */

static struct medium_places places;

static void a_wider_cache_has_what_it_had(void **state)
{
    (void)state;
    void *payloads[MEDIUM_ROOM_FIRST];
    fill_with_sizes(3);
    size_t count = medium.count;
    size_t bytes = medium.bytes;
    medium_widen(&medium, &places);
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
    medium_widen(&medium, &places);
    fill_with_sizes(40);
    assert_true(medium.count > count + MEDIUM_ROOM_FIRST / 2);
    assert_true(most_in_a_bin() > most);
}

static void all_of_a_wider_cache_is_salvaged(void **state)
{
    (void)state;
    size_t live = core_live_count();
    medium_widen(&medium, &places);
    fill_with_sizes(2);
    assert_int_equal(core_live_count(), live + medium.count);
    assert_true(medium.count > MEDIUM_ROOM_FIRST);
    medium_salvage(&medium);
    assert_int_equal(core_live_count(), live);
    add(block_of(2000));
    assert_int_equal(medium.count, 1);
}

/* So many blocks of each of so many sizes are asked for and freed, all at a time. */
static void turn_over(size_t each, size_t sizes)
{
    void *payloads[MEDIUM_ROOM];
    for (size_t i = 0; i < each * sizes; i++) {
        size_t size = 600 + MA_ALIGNMENT * (i % sizes);
        payloads[i] = front_take(size);
        payloads[i] = payloads[i] != NULL ? payloads[i] : block_of(size);
    }
    for (size_t i = 0; i < each * sizes; i++) {
        keep_or_release(payloads[i]);
    }
}

static void a_thread_that_goes_on_lacking_places_gets_more(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    turn_over(10, 20);
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST); /* it may have been for once */
    for (int i = 0; i < 10; i++) {
        turn_over(10, 20);
    }
    assert_int_equal(heap->medium.room, MEDIUM_ROOM);
    assert_true(heap->medium.count > MEDIUM_ROOM_FIRST);
}

static void a_thread_that_lacks_none_keeps_the_places_that_it_has(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    for (int i = 0; i < 100; i++) {
        turn_over(3, 20);
    }
    assert_int_equal(heap->medium.room, MEDIUM_ROOM_FIRST);
}

static void the_next_thread_has_the_places_of_the_last_one_when_it_lacks_them(void **state)
{
    (void)state;
    for (int thread = 0; thread < 3; thread++) {
        struct theap *heap = begin_thread();
        const struct medium_places *had = heap->places;
        for (int i = 0; i < 10; i++) {
            turn_over(10, 20);
        }
        assert_int_equal(heap->medium.room, MEDIUM_ROOM);
        assert_true(had == NULL || had == heap->places);
        end_thread(heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEDIUM_TEST(few_sizes_share_the_room),
        MEDIUM_TEST(of_many_sizes_each_has_a_few_places),
        MEDIUM_TEST(there_is_an_end_to_the_room),
        MEDIUM_TEST(what_is_asked_for_no_more_makes_room),
        MEDIUM_TEST(what_is_asked_for_stays_when_others_are_freed),
        MEDIUM_TEST(one_size_makes_room_for_others_that_are_asked_for),
        MEDIUM_TEST(a_wider_cache_has_what_it_had),
        MEDIUM_TEST(a_wider_cache_has_more_room_for_all_and_for_each),
        MEDIUM_TEST(all_of_a_wider_cache_is_salvaged),
        MEDIUM_TEST(a_thread_that_goes_on_lacking_places_gets_more),
        MEDIUM_TEST(a_thread_that_lacks_none_keeps_the_places_that_it_has),
        MEDIUM_TEST(the_next_thread_has_the_places_of_the_last_one_when_it_lacks_them),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
