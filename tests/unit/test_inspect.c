/*
 * The walk, the figures, and the checker: each invariant of docs/invariants.md is
 * broken on purpose, and the check must name it and say so in one line.
 */
#include "support/core_fixture.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* What a segment holds besides its blocks. */
#define SEGMENT_COST (bits_round_up(sizeof(struct segment), MA_ALIGNMENT) + MB_FENCE_SIZE)

/* ---- The walk ---- */

enum { SEEN_MAX = 32 };

struct seen {
    size_t count;
    size_t stop_at; /* the number of the block at which the walk is ended; 0: never */
    struct ma_block blocks[SEEN_MAX];
};

enum { STOPPED = 42 };

static int note(const struct ma_block *block, void *context)
{
    struct seen *seen = context;
    if (seen->count < SEEN_MAX) {
        seen->blocks[seen->count] = *block;
    }
    seen->count++;
    return seen->count == seen->stop_at ? STOPPED : 0;
}

static void assert_seen(const struct seen *seen, size_t i, const void *payload, size_t size,
                        int is_used)
{
    assert_ptr_equal(seen->blocks[i].payload, payload);
    assert_int_equal(seen->blocks[i].size, size);
    assert_int_equal(seen->blocks[i].usable, size - MB_OVERHEAD);
    assert_int_equal(seen->blocks[i].is_used, is_used);
}

static void a_walk_over_a_core_without_memory_visits_nothing(void **state)
{
    struct seen seen = {0};
    assert_int_equal(core_walk(core_of(state), note, &seen), 0);
    assert_int_equal(seen.count, 0);
}

static void a_walk_visits_every_block_with_its_true_figures(void **state)
{
    struct ma_core *core = core_of(state);
    char *a = core_alloc(core, 24);
    char *b = core_alloc(core, 1000);
    char *c = core_alloc(core, 56);
    core_free(core, b);
    struct seen seen = {0};
    assert_int_equal(core_walk(core, note, &seen), 0);
    assert_int_equal(seen.count, 4);
    assert_seen(&seen, 0, a, 32, 1);
    assert_seen(&seen, 1, b, 1008, 0);
    assert_seen(&seen, 2, c, 64, 1);
    assert_seen(&seen, 3, c + 64, MA_GROW_MIN - SEGMENT_COST - 32 - 1008 - 64, 0);
}

static void a_walk_visits_all_segments_the_newest_first(void **state)
{
    struct ma_core *core = core_of(state);
    char *old = core_alloc(core, 1000);
    fake_os_foreign_break(100);
    char *new = core_alloc(core, 300 * KIB);
    struct seen seen = {0};
    assert_int_equal(core_walk(core, note, &seen), 0);
    assert_int_equal(seen.count, 4); /* and what is free behind each */
    assert_ptr_equal(seen.blocks[0].payload, new);
    assert_ptr_equal(seen.blocks[2].payload, old);
}

static void a_walk_ends_where_the_visit_says_so(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    fake_os_foreign_break(100);
    core_alloc(core, 300 * KIB);
    for (size_t stop_at = 1; stop_at <= 4; stop_at++) {
        struct seen seen = {.stop_at = stop_at};
        assert_int_equal(core_walk(core, note, &seen), STOPPED);
        assert_int_equal(seen.count, stop_at);
        assert_false(core_is_entered(core));
    }
}

/* ---- Figures ---- */

static void the_figures_of_a_core_without_memory_are_zero(void **state)
{
    struct ma_stats zero = {0};
    struct ma_stats stats = figures_of(core_of(state));
    assert_memory_equal(&stats, &zero, sizeof(stats));
}

static void the_figures_are_those_of_the_blocks(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 24);
    void *hole = core_alloc(core, 1000);
    core_alloc(core, 56);
    core_free(core, hole);
    size_t tail = MA_GROW_MIN - SEGMENT_COST - 32 - 1008 - 64;

    struct ma_stats stats = figures_of(core);

    assert_int_equal(stats.live_count, 2);
    assert_int_equal(stats.live_bytes, 24 + 56);
    assert_int_equal(stats.peak_live_bytes, 24 + 1000 + 56);
    assert_int_equal(stats.free_count, 2);
    assert_int_equal(stats.free_bytes, 1008 + tail);
    assert_int_equal(stats.largest_free, tail);
    assert_int_equal(stats.overhead_bytes, SEGMENT_COST + 2 * MB_OVERHEAD);
    assert_int_equal(stats.allocate_count, 3);
    assert_int_equal(stats.release_count, 1);
    assert_int_equal(stats.segment_count, 1);
}

static void the_figures_of_two_cores_add_up(void **state)
{
    struct ma_core *large = core_of(state);
    struct ma_core *small = second_core_of(state);
    void *hole = core_alloc(large, MIB);
    core_alloc(large, 24);
    core_free(large, hole);
    core_alloc(small, 100 * KIB); /* leaves less free than the other */
    struct ma_stats a = figures_of(large);
    struct ma_stats b = figures_of(small);
    assert_true(b.largest_free < a.largest_free);

    struct ma_stats sum = a;
    core_add_stats(small, &sum);
    struct ma_stats reversed = b;
    core_add_stats(large, &reversed);

    assert_memory_equal(&sum, &reversed, sizeof(sum));
    assert_int_equal(sum.live_bytes, a.live_bytes + b.live_bytes);
    assert_int_equal(sum.free_bytes, a.free_bytes + b.free_bytes);
    assert_int_equal(sum.segment_count, 2);
    assert_int_equal(sum.largest_free, a.largest_free);
}

/* ---- The checker ---- */

/* Three payloads of 56 bytes, the second free, a tail; and what the check says of it. */
struct heap {
    struct ma_core *core;
    struct mem_block *a;
    struct mem_block *hole;
    struct mem_block *b;
    struct mem_block *fence;
    int result;
};

static struct heap sound_heap(void **state)
{
    struct ma_core *core = core_of(state);
    struct heap heap = {.core = core};
    heap.a = mb_of_payload(core_alloc(core, 56));
    heap.hole = mb_of_payload(core_alloc(core, 56));
    heap.b = mb_of_payload(core_alloc(core, 56));
    core_free(core, mb_payload(heap.hole));
    heap.fence = segment_fence(core->growing);
    assert_int_equal(core_check(core), 0);
    return heap;
}

static void check(void *context)
{
    struct heap *heap = context;
    heap->result = core_check(heap->core);
}

/* The check gives this number, and says so in one line. */
static void assert_found(struct heap *heap, int invariant)
{
    char said[1024];
    char expected[64];
    capture_stderr(check, heap, said, sizeof(said));
    snprintf(expected, sizeof(expected), "heap check: invariant I%d is broken at 0x", invariant);
    assert_int_equal(heap->result, invariant);
    assert_non_null(strstr(said, expected));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    assert_false(core_is_entered(heap->core));
}

static void a_sound_heap_is_found_sound_in_silence(void **state)
{
    struct heap heap = sound_heap(state);
    char said[64];
    assert_int_equal(capture_stderr(check, &heap, said, sizeof(said)), 0);
    assert_int_equal(heap.result, 0);
    struct heap empty = {.core = second_core_of(state), .result = -1};
    assert_int_equal(capture_stderr(check, &empty, said, sizeof(said)), 0);
    assert_int_equal(empty.result, 0);
}

/* Break a header, look, and mend it; the teardown sees that it was mended. */
static void assert_head_breaks(struct heap *heap, struct mem_block *b, size_t size, size_t flags,
                               int invariant)
{
    size_t head = b->head;
    mb_set(b, size, flags);
    assert_found(heap, invariant);
    b->head = head;
}

static void I1_a_block_that_reaches_beyond_the_fence_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.b, (size_t)((char *)heap.fence - (char *)heap.b) + 16, MB_USED,
                       1);
    assert_head_breaks(&heap, heap.b, MIB, MB_USED, 1);
}

static void I1_a_block_that_is_too_small_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.b, 0, MB_USED, 1); /* and the check ends */
}

/* It leads into the middle of a payload, where there is no header. */
static void I1_a_block_with_a_wrong_end_is_found_by_the_header_after_it(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.a, 80, MB_USED | MB_PREV_USED, 6);
}

static void I2_two_adjacent_free_blocks_are_found(void **state)
{
    struct heap heap = sound_heap(state);
    size_t prev_size = mb_at(heap.hole, 32)->prev_size;
    size_t head = mb_at(heap.hole, 32)->head;
    mb_set(mb_at(heap.hole, 32), 32, 0);
    mb_at(heap.hole, 32)->prev_size = 32;
    assert_head_breaks(&heap, heap.hole, 32, MB_PREV_USED, 2);
    mb_at(heap.hole, 32)->prev_size = prev_size;
    mb_at(heap.hole, 32)->head = head;
}

static void I3_a_flag_that_contradicts_the_block_before_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.a, 64, MB_USED, 3); /* there is none before the first */
    assert_head_breaks(&heap, heap.hole, 64, 0, 3);
    assert_head_breaks(&heap, heap.b, 64, MB_USED | MB_PREV_USED, 3);
    assert_head_breaks(&heap, heap.fence, MB_FENCE_SIZE, MB_USED | MB_PREV_USED, 3);
}

static void I3_a_wrong_prev_size_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    heap.b->prev_size += 16;
    assert_found(&heap, 3);
    heap.b->prev_size -= 16;
}

/* What lies in `prev_size` of a block behind a used one is that one's payload. */
static void I3_prev_size_means_nothing_behind_a_used_block(void **state)
{
    struct heap heap = sound_heap(state);
    heap.hole->prev_size = 0x4141;
    assert_int_equal(core_check(heap.core), 0);
}

static void I4_a_free_block_that_is_not_filed_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    bins_remove(heap.core->bins, heap.hole);
    assert_found(&heap, 4);
    bins_insert(heap.core->bins, heap.hole);
}

static void I4_a_wrong_bitmap_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    heap.core->bins->sets[0].map[5] ^= 2;
    assert_found(&heap, 4);
    heap.core->bins->sets[0].map[5] ^= 2;
}

/* File free blocks of `other` with `heap` in place of its hole: the bins by themselves
 * are sound then. The check must see it. */
static void assert_exchange_is_found(struct heap *heap, struct ma_core *other, void **holes,
                                     size_t count)
{
    bins_remove(heap->core->bins, heap->hole);
    for (size_t i = 0; i < count; i++) {
        bins_remove(other->bins, mb_of_payload(holes[i]));
        bins_insert(heap->core->bins, mb_of_payload(holes[i]));
    }
    assert_true(bins_check(heap->core->bins));
    assert_found(heap, 4);
    for (size_t i = 0; i < count; i++) {
        bins_remove(heap->core->bins, mb_of_payload(holes[i]));
        bins_insert(other->bins, mb_of_payload(holes[i]));
    }
    bins_insert(heap->core->bins, heap->hole);
}

static void I4_a_filed_block_of_another_size_than_the_free_one_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    struct ma_core *other = second_core_of(state);
    void *hole = alloc_walled(other, 1000);
    core_free(other, hole);
    assert_exchange_is_found(&heap, other, &hole, 1);
}

/* As many bytes, but two blocks. */
static void I4_two_filed_blocks_for_a_free_one_are_found(void **state)
{
    struct heap heap = sound_heap(state);
    struct ma_core *other = second_core_of(state);
    void *holes[] = {alloc_walled(other, 24), alloc_walled(other, 24)};
    core_free(other, holes[0]);
    core_free(other, holes[1]);
    assert_exchange_is_found(&heap, other, holes, 2);
}

static void I5_a_fence_that_is_free_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    void *rest = use_up_tail(heap.core);
    assert_head_breaks(&heap, heap.fence, MB_FENCE_SIZE, MB_PREV_USED, 5);
    core_free(heap.core, rest);
}

static void I5_a_fence_of_another_size_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.fence, 32, MB_USED, 5);
}

static void I5_a_fence_within_the_segment_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    assert_head_breaks(&heap, heap.b, MB_FENCE_SIZE, MB_USED, 5);
}

static void I6_a_header_that_was_written_over_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    struct mem_block *blocks[] = {heap.a, heap.hole, heap.b, heap.fence};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i]->head ^= (size_t)1 << 63;
        assert_found(&heap, 6);
        blocks[i]->head ^= (size_t)1 << 63 | (size_t)1 << 20;
        assert_found(&heap, 6);
        blocks[i]->head ^= (size_t)1 << 20;
    }
}

static struct granule *granule_of(const void *address)
{
    return &space_map.granules[space_granule_number(address)];
}

static void I7_a_granule_that_is_not_in_the_table_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    struct segment *segment = heap.core->growing;
    for (char *p = (char *)segment; p < segment->end; p += MA_GRANULE) {
        granule_of(p)->segment_word = 0;
        assert_found(&heap, 7);
        granule_of(p)->segment_word = (uintptr_t)segment;
    }
}

static void I7_a_granule_that_is_named_beyond_the_end_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    struct segment *segment = heap.core->growing;
    granule_of(segment->end)->segment_word = (uintptr_t)segment;
    assert_found(&heap, 7);
    granule_of(segment->end)->segment_word = 0;
}

static void I7_a_granule_that_is_named_before_the_start_is_found(void **state)
{
    struct heap heap = {.core = core_of(state)};
    fake_os_foreign_break(100); /* so that there is a granule before */
    core_alloc(heap.core, 1);
    struct segment *segment = heap.core->growing;
    granule_of((char *)segment - 1)->segment_word = (uintptr_t)segment;
    assert_found(&heap, 7);
    granule_of((char *)segment - 1)->segment_word = 0;
}

/* The counters of one core, each off by something. */
static void I8_each_wrong_counter_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    size_t *counters[] = {&heap.core->live_count, &heap.core->live_bytes, &heap.core->heap_bytes};
    for (size_t i = 0; i < COUNT_OF(counters); i++) {
        *counters[i] += 16;
        assert_found(&heap, 8);
        *counters[i] -= 16;
    }
}

/* The first byte of the top of which is known that it is zero. */
static char *blank_top(const struct ma_core *core)
{
    char *links_end = (char *)tail_of(core) + TREE_BLOCK_MIN;
    char *written_end = bins_written(tail_of(core)).end;
    return links_end > written_end ? links_end : written_end;
}

static void I9_a_byte_in_a_blank_part_that_is_not_zero_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    char *blank = blank_top(heap.core);
    char *places[] = {blank, blank + 5000, (char *)heap.fence - 1};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        *places[i] = 1;
        assert_found(&heap, 9);
        *places[i] = 0;
    }
}

/* The check goes through all segments, not only the newest. */
static void a_broken_header_in_an_older_segment_is_found(void **state)
{
    struct heap heap = sound_heap(state);
    fake_os_foreign_break(100);
    core_alloc(heap.core, 300 * KIB);
    assert_head_breaks(&heap, heap.b, 64, MB_USED | MB_PREV_USED, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_walk_over_a_core_without_memory_visits_nothing),
        TEST(a_walk_visits_every_block_with_its_true_figures),
        TEST(a_walk_visits_all_segments_the_newest_first),
        TEST(a_walk_ends_where_the_visit_says_so),
        TEST(the_figures_of_a_core_without_memory_are_zero),
        TEST(the_figures_are_those_of_the_blocks),
        TEST(the_figures_of_two_cores_add_up),
        TEST(a_sound_heap_is_found_sound_in_silence),
        TEST(I1_a_block_that_reaches_beyond_the_fence_is_found),
        TEST(I1_a_block_that_is_too_small_is_found),
        TEST(I1_a_block_with_a_wrong_end_is_found_by_the_header_after_it),
        TEST(I2_two_adjacent_free_blocks_are_found),
        TEST(I3_a_flag_that_contradicts_the_block_before_is_found),
        TEST(I3_a_wrong_prev_size_is_found),
        TEST(I3_prev_size_means_nothing_behind_a_used_block),
        TEST(I4_a_free_block_that_is_not_filed_is_found),
        TEST(I4_a_wrong_bitmap_is_found),
        TEST(I4_a_filed_block_of_another_size_than_the_free_one_is_found),
        TEST(I4_two_filed_blocks_for_a_free_one_are_found),
        TEST(I5_a_fence_that_is_free_is_found),
        TEST(I5_a_fence_of_another_size_is_found),
        TEST(I5_a_fence_within_the_segment_is_found),
        TEST(I6_a_header_that_was_written_over_is_found),
        TEST(I7_a_granule_that_is_not_in_the_table_is_found),
        TEST(I7_a_granule_that_is_named_beyond_the_end_is_found),
        TEST(I7_a_granule_that_is_named_before_the_start_is_found),
        TEST(I8_each_wrong_counter_is_found),
        TEST(I9_a_byte_in_a_blank_part_that_is_not_zero_is_found),
        TEST(a_broken_header_in_an_older_segment_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
