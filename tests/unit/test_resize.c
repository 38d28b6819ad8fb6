/*
 * Changing a block's size: in each direction, and what it leaves behind.
 */
#include "support/core_fixture.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static size_t usable(const void *payload)
{
    return core_usable_size(payload, "test");
}

/* Three payloads side by side, the middle one filled, and a wall. Blocks of 1008. */
struct row {
    struct ma_core *core;
    char *before;
    char *b;
    char *after;
};

#define SIZE ((size_t)1000)
#define BLOCK ((size_t)1008)

static struct row filled_row(void **state)
{
    struct row row = {.core = core_of(state)};
    row.before = core_alloc(row.core, SIZE);
    row.b = core_alloc(row.core, SIZE);
    row.after = alloc_walled(row.core, SIZE);
    payload_fill(row.b, SIZE, 1);
    return row;
}

/* core_realloc() of the middle payload, asserting that its contents are kept and that
 * the heap is sound. */
static char *resize(const struct row *row, size_t size)
{
    char *payload = core_realloc(row->core, row->b, size);
    assert_non_null(payload);
    assert_true(usable(payload) >= size);
    assert_true(payload_holds(payload, SIZE, size, 1));
    assert_int_equal(core_check(row->core), 0);
    return payload;
}

/* ---- In place ---- */

static void a_payload_of_the_same_size_stays(void **state)
{
    struct row row = filled_row(state);
    size_t free_bytes = figures_of(row.core).free_bytes;
    assert_ptr_equal(resize(&row, SIZE), row.b);
    assert_ptr_equal(resize(&row, SIZE - 8), row.b); /* the same block */
    assert_int_equal(figures_of(row.core).free_bytes, free_bytes);
}

static void a_payload_grows_in_place_into_the_free_block_after_it(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, SIZE + 112), row.b);
    assert_int_equal(usable(row.b), SIZE + 112); /* what is over is free again */
    assert_int_equal(figures_of(row.core).free_count, 2);
}

static void a_payload_grows_over_the_whole_free_block_after_it(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, SIZE + BLOCK), row.b);
    assert_int_equal(figures_of(row.core).free_count, 1);
}

/* A rest of 16 bytes could not be a block. */
static void a_tiny_rest_stays_with_the_payload(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, SIZE + BLOCK - 16), row.b);
    assert_int_equal(usable(row.b), SIZE + BLOCK);
    assert_ptr_equal(resize(&row, SIZE + BLOCK - 32), row.b); /* but one of 32 could */
    assert_int_equal(usable(row.b), SIZE + BLOCK - 32);
}

static void a_payload_at_the_top_grows_into_the_free_tail(void **state)
{
    struct ma_core *core = core_of(state);
    struct row row = {.core = core, .b = core_alloc(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    size_t heap_bytes = core->heap_bytes;
    assert_ptr_equal(resize(&row, 50 * KIB), row.b);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void a_payload_at_the_top_grows_by_an_extension_of_the_heap(void **state)
{
    struct ma_core *core = core_of(state);
    struct row row = {.core = core, .b = core_alloc(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    assert_ptr_equal(resize(&row, 300 * KIB), row.b); /* over a free tail */
    core_realloc(core, row.b, usable(row.b) + mb_size(tail_of(core)));
    assert_null(tail_of(core));
    assert_ptr_equal(resize(&row, MIB), row.b); /* from the fence on */
    assert_int_equal(segment_count_of(core), 1);
}

/* Or what grows at the top, and is cut to size then, would leave all that it frees below behind. */
static void a_payload_at_the_top_moves_into_a_hole_before_the_heap_grows(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = alloc_walled(core, 4 * MIB);
    struct row row = {.core = core, .b = core_alloc(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    core_realloc(core, row.b, usable(row.b) + mb_size(tail_of(core)));
    core_free(core, hole);
    size_t heap_bytes = core->heap_bytes;
    char *moved = resize(&row, 2 * MIB);
    assert_true(moved < hole + 4 * MIB);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void a_payload_below_a_fence_that_is_not_the_top_is_copied(void **state)
{
    struct ma_core *core = core_of(state);
    struct row row = {.core = core, .b = core_alloc(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    fake_os_foreign_break(100);
    core_alloc(core, 300 * KIB);
    assert_ptr_not_equal(resize(&row, 200 * KIB), row.b);
}

/* ---- Down ---- */

static void a_payload_moves_down_over_the_free_block_before_it(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    assert_ptr_equal(resize(&row, SIZE + BLOCK - 100), row.before);
    assert_int_equal(figures_of(row.core).live_count, 3);
}

/* The new payload overlaps the old one: they must not be copied the wrong way. */
static void a_payload_moves_down_by_less_than_its_own_size(void **state)
{
    struct ma_core *core = core_of(state);
    char *before = core_alloc(core, 24);
    struct row row = {.core = core, .b = alloc_walled(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    core_free(core, before);
    assert_ptr_equal(resize(&row, SIZE + 20), before);
}

static void a_payload_takes_both_free_neighbours(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, SIZE + 2 * BLOCK - 100), row.before);
    assert_int_equal(figures_of(row.core).live_count, 2);
    assert_int_equal(figures_of(row.core).free_count, 2); /* what was over, and the tail */
}

static void growing_in_place_is_preferred_to_moving_down(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, SIZE + BLOCK), row.b);
}

static void free_neighbours_that_do_not_suffice_are_left_alone(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    core_free(row.core, row.after);
    char *payload = resize(&row, SIZE + 2 * BLOCK + 100);
    assert_true(payload > row.after);
    assert_ptr_equal(core_alloc(row.core, SIZE + 2 * BLOCK), row.before); /* all three are one */
}

static void do_free(void *context)
{
    const struct row *row = context;
    core_free(row->core, row->b);
}

static void a_pointer_from_before_a_move_down_is_recognised_as_stale(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    resize(&row, SIZE + BLOCK);
    assert_aborts(do_free, &row, "free(0x");
}

/* The header in the middle is not written over by so few contents. */
static void a_stale_pointer_is_called_a_double_free_where_that_can_be_seen(void **state)
{
    struct ma_core *core = core_of(state);
    char *before = core_alloc(core, SIZE);
    struct row row = {.core = core, .b = alloc_walled(core, 24)};
    core_free(core, before);
    assert_ptr_equal(core_realloc(core, row.b, SIZE), before);
    assert_aborts(do_free, &row, "double free");
}

/* ---- Shrinking ---- */

static void a_shrunk_payload_stays_and_its_rest_is_free(void **state)
{
    struct row row = filled_row(state);
    assert_ptr_equal(resize(&row, 500), row.b);
    assert_int_equal(usable(row.b), 504);
    assert_ptr_equal(core_alloc(row.core, BLOCK - 512 - 8), row.b + 512);
}

static void I2_the_rest_of_a_shrunk_payload_merges_with_the_free_block_after_it(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.after);
    assert_ptr_equal(resize(&row, 500), row.b);
    assert_ptr_equal(core_alloc(row.core, 2 * BLOCK - 512 - 8), row.b + 512);
}

static void a_payload_that_shrinks_by_less_than_a_block_keeps_it_all(void **state)
{
    struct row row = filled_row(state);
    assert_ptr_equal(resize(&row, SIZE - 16), row.b);
    assert_int_equal(usable(row.b), SIZE);
}

static void a_payload_shrinks_to_nothing_but_the_least_block(void **state)
{
    struct row row = filled_row(state);
    assert_ptr_equal(resize(&row, 0), row.b);
    assert_int_equal(usable(row.b), MB_MIN - MB_OVERHEAD);
}

static void a_shrunk_payload_at_the_top_gives_memory_back(void **state)
{
    struct ma_core *core = core_of(state);
    struct row row = {.core = core, .b = core_alloc(core, 8 * MIB)};
    payload_fill(row.b, SIZE, 1);
    assert_ptr_equal(resize(&row, SIZE), row.b);
    core_age_top(core);
    assert_true(core->heap_bytes < MIB);
    assert_int_equal(fake_os_taken(), core->heap_bytes);
}

/* ---- By copying ---- */

static void a_payload_between_used_blocks_is_copied(void **state)
{
    struct row row = filled_row(state);
    char *payload = resize(&row, 5000);
    assert_ptr_not_equal(payload, row.b);
    assert_int_equal(figures_of(row.core).live_count, 4);
    assert_ptr_equal(core_alloc(row.core, SIZE), row.b); /* the old one was released */
}

/* The usable bytes are the caller's to write, to the last. */
static void all_usable_bytes_are_kept(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t size = 0; size < 200; size++) {
        char *payload = alloc_walled(core, size);
        size_t room = usable(payload);
        payload_fill(payload, room, 1);
        payload = core_realloc(core, payload, room + 1000);
        assert_true(payload_holds(payload, room, room, 1));
    }
}

/* ---- Refused ---- */

static void a_payload_is_unchanged_where_memory_is_out(void **state)
{
    struct row row = filled_row(state);
    struct ma_stats before = figures_of(row.core);
    fake_os_refuse_from(0);
    assert_null(core_realloc(row.core, row.b, MIB));
    struct ma_stats after = figures_of(row.core);
    assert_true(payload_holds(row.b, SIZE, SIZE, 1));
    assert_int_equal(usable(row.b), SIZE);
    assert_memory_equal(&before, &after, sizeof(before));
}

static void a_payload_at_the_top_is_unchanged_where_the_break_is_refused(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = core_alloc(core, SIZE);
    payload_fill(payload, SIZE, 1);
    fake_os_refuse_from(0);
    assert_null(core_realloc(core, payload, MIB));
    assert_null(core_realloc(core, payload, PTRDIFF_MAX));
    assert_int_equal(usable(payload), SIZE);
    assert_true(payload_holds(payload, SIZE, SIZE, 1));
}

static void a_refused_growth_at_the_top_still_moves_down(void **state)
{
    struct ma_core *core = core_of(state);
    char *before = core_alloc(core, 60 * KIB);
    struct row row = {.core = core, .b = core_alloc(core, SIZE)};
    payload_fill(row.b, SIZE, 1);
    core_free(core, before);
    fake_os_refuse_from(0);
    assert_ptr_equal(resize(&row, 110 * KIB), before);
}

/* ---- Misuse ---- */

static void do_realloc(void *context)
{
    const struct row *row = context;
    core_realloc(row->core, row->b, 5000);
}

static void a_realloc_of_a_free_block_aborts(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.b);
    assert_aborts(do_realloc, &row, "realloc(0x");
    assert_aborts(do_realloc, &row, "double free");
}

static void a_smashed_free_block_before_is_noticed(void **state)
{
    struct row row = filled_row(state);
    core_free(row.core, row.before);
    fixture_heap_is_broken(state);
    mb_of_payload(row.before)->head ^= 0x40;
    row.after = core_realloc(row.core, row.b, SIZE); /* nobody looks there for that */
    assert_ptr_equal(row.after, row.b);
    mb_of_payload(row.b)->prev_size = 8000;
    assert_aborts(do_realloc, &row, "the header of the free block before");
}

/* ---- Figures ---- */

static void resizing_in_place_is_neither_an_allocation_nor_a_release(void **state)
{
    struct row row = filled_row(state);
    struct ma_stats before = figures_of(row.core);
    core_free(row.core, row.before);
    core_free(row.core, row.after);
    resize(&row, SIZE + BLOCK - 100);
    row.b = resize(&row, SIZE + 2 * BLOCK - 100);
    resize(&row, 500);
    struct ma_stats after = figures_of(row.core);
    assert_int_equal(after.allocate_count, before.allocate_count);
    assert_int_equal(after.release_count, before.release_count + 2);
    assert_int_equal(after.live_bytes, before.live_bytes - 2 * SIZE + usable(row.b) - SIZE);
}

static void a_copy_is_an_allocation_and_a_release(void **state)
{
    struct row row = filled_row(state);
    struct ma_stats before = figures_of(row.core);
    core_realloc(row.core, row.b, 5000);
    struct ma_stats after = figures_of(row.core);
    assert_int_equal(after.allocate_count, before.allocate_count + 1);
    assert_int_equal(after.release_count, before.release_count + 1);
}

/* Not what it took in on the way and gave back at once. */
static void the_peak_counts_only_what_a_payload_has_in_the_end(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = core_alloc(core, SIZE);
    core_realloc(core, payload, 2 * SIZE);
    assert_int_equal(figures_of(core).peak_live_bytes, 2 * SIZE + 8);
    core_realloc(core, payload, 10);
    assert_int_equal(figures_of(core).peak_live_bytes, 2 * SIZE + 8);
}

/* Or calloc would clear, and so make resident, what was never used. */
static void I9_growing_at_the_top_leaves_the_memory_behind_clean(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = core_alloc(core, SIZE);
    assert_ptr_equal(core_realloc(core, payload, 2 * SIZE), payload);
    assert_true(bins_written(tail_of(core)).end <= payload + SIZE + 2 * TREE_BLOCK_MIN);
    assert_true(payload_is_zero(core_alloc_zeroed(core, 5000), 5000));
}

/* ---- Every pair of sizes ---- */

static void contents_are_kept_from_any_size_to_any_other(void **state)
{
    struct ma_core *core = core_of(state);
    const size_t sizes[] = {0,    1,        24,       25,        40,        100,    1000,
                            4096, 64 * KIB, 70 * KIB, 130 * KIB, 300 * KIB, 2 * MIB};
    for (size_t from = 0; from < COUNT_OF(sizes); from++) {
        for (size_t to = 0; to < COUNT_OF(sizes); to++) {
            char *payload = core_alloc(core, sizes[from]);
            payload_fill(payload, sizes[from], (unsigned)to);
            char *resized = core_realloc(core, payload, sizes[to]);
            assert_true(payload_holds(resized, sizes[from], sizes[to], (unsigned)to));
            assert_int_equal((uintptr_t)resized % MA_ALIGNMENT, 0);
            if ((from + to) % 3 != 0) {
                core_free(core, resized); /* some stay and are in the way */
            }
        }
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_payload_of_the_same_size_stays),
        TEST(a_payload_grows_in_place_into_the_free_block_after_it),
        TEST(a_payload_grows_over_the_whole_free_block_after_it),
        TEST(a_tiny_rest_stays_with_the_payload),
        TEST(a_payload_at_the_top_grows_into_the_free_tail),
        TEST(a_payload_at_the_top_grows_by_an_extension_of_the_heap),
        TEST(a_payload_at_the_top_moves_into_a_hole_before_the_heap_grows),
        TEST(a_payload_below_a_fence_that_is_not_the_top_is_copied),
        TEST(a_payload_moves_down_over_the_free_block_before_it),
        TEST(a_payload_moves_down_by_less_than_its_own_size),
        TEST(a_payload_takes_both_free_neighbours),
        TEST(growing_in_place_is_preferred_to_moving_down),
        TEST(free_neighbours_that_do_not_suffice_are_left_alone),
        TEST(a_pointer_from_before_a_move_down_is_recognised_as_stale),
        TEST(a_stale_pointer_is_called_a_double_free_where_that_can_be_seen),
        TEST(a_shrunk_payload_stays_and_its_rest_is_free),
        TEST(I2_the_rest_of_a_shrunk_payload_merges_with_the_free_block_after_it),
        TEST(a_payload_that_shrinks_by_less_than_a_block_keeps_it_all),
        TEST(a_payload_shrinks_to_nothing_but_the_least_block),
        TEST(a_shrunk_payload_at_the_top_gives_memory_back),
        TEST(a_payload_between_used_blocks_is_copied),
        TEST(all_usable_bytes_are_kept),
        TEST(a_payload_is_unchanged_where_memory_is_out),
        TEST(a_payload_at_the_top_is_unchanged_where_the_break_is_refused),
        TEST(a_refused_growth_at_the_top_still_moves_down),
        TEST(a_realloc_of_a_free_block_aborts),
        TEST(a_smashed_free_block_before_is_noticed),
        TEST(resizing_in_place_is_neither_an_allocation_nor_a_release),
        TEST(a_copy_is_an_allocation_and_a_release),
        TEST(the_peak_counts_only_what_a_payload_has_in_the_end),
        TEST(I9_growing_at_the_top_leaves_the_memory_behind_clean),
        TEST(contents_are_kept_from_any_size_to_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
