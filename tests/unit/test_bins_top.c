/*
 * The top while it is small: in no bin, and found as if it were.
 */
#include "core/bins.h"

#include "support/block_pool.h"
#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { POOL = 4 };

static struct bins bins;

static int empty_bins(void **state)
{
    (void)state;
    block_pool_start(POOL);
    memset(&bins, 0, sizeof(bins));
    return 0;
}

static struct mem_block *file(size_t place, size_t size, bool is_top)
{
    struct mem_block *b = block_at(place);
    mb_set(b, size, MB_PREV_USED);
    bins_insert_written(&bins, b, written_all(b), is_top);
    return b;
}

static struct mem_block *insert(size_t place, size_t size)
{
    return file(place, size, false);
}

static struct mem_block *insert_top(size_t place, size_t size)
{
    return file(place, size, true);
}

static void I4_the_top_is_taken_where_nothing_smaller_fits(void **state)
{
    (void)state;
    struct mem_block *top = insert_top(0, 2048);
    struct mem_block *larger = insert(1, 4096);
    struct mem_block *large = insert(2, 2 * MA_BINNED_MAX);
    assert_ptr_equal(bins_best_fit(&bins, 1024), top);
    assert_ptr_equal(bins_best_fit(&bins, 2048), top);
    assert_ptr_equal(bins_best_fit(&bins, 2064), larger);
    assert_ptr_equal(bins_best_fit(&bins, 4112), large);
    bins_remove(&bins, larger);
    assert_ptr_equal(bins_best_fit(&bins, 2048), top);
    struct mem_block *smaller = insert(3, 1024);
    assert_ptr_equal(bins_best_fit(&bins, 1024), smaller);
    assert_true(bins_check(&bins));
}

static void of_two_that_fit_as_well_the_top_is_left(void **state)
{
    (void)state;
    insert_top(0, 2048);
    struct mem_block *other = insert(1, 2048);
    assert_ptr_equal(bins_best_fit(&bins, 2048), other);
}

/* Or it would touch the bins of all sizes while it is used up. */
static void a_small_top_is_in_no_bin(void **state)
{
    (void)state;
    for (size_t size = MB_MIN; size <= MA_BINNED_MAX; size += 1008) {
        bins_remove(&bins, insert_top(0, size));
    }
    insert_top(0, 4096);
    for (size_t index = 0; index < BINS_COUNT; index++) {
        assert_null(bins.sets[0].first[index]);
        assert_null(bins.sets[1].first[index]);
    }
    assert_int_equal(bins_largest(&bins), 4096);
    assert_int_equal(bins.block_count, 1);
    assert_true(bins_check(&bins));
}

/* As a segment has that could not be given back. */
static void a_second_top_is_filed_as_any_block(void **state)
{
    (void)state;
    struct mem_block *first = insert_top(0, 4096);
    struct mem_block *second = insert_top(1, 2048);
    assert_true(bins_check(&bins));
    assert_ptr_equal(bins_best_fit(&bins, 2048), second);
    bins_remove(&bins, second);
    assert_ptr_equal(bins_best_fit(&bins, 2048), first);
    bins_remove(&bins, first);
    assert_null(bins_best_fit(&bins, MB_MIN));
    assert_true(bins_check(&bins));
}

static void the_top_is_purged_after_all_others(void **state)
{
    (void)state;
    struct mem_block *top = insert_top(0, MA_BINNED_MAX);
    struct mem_block *other = insert(1, 3 * MA_PAGE);
    assert_ptr_equal(bins_dirty(&bins), other);
    bins_remove(&bins, other);
    assert_ptr_equal(bins_dirty(&bins), top);
    bins_remove(&bins, top);
    bins_insert_written(&bins, top, written_none(), true);
    assert_null(bins_dirty(&bins));
    assert_int_equal(bins.dirty.amount, 0);
    assert_true(bins_blank_bytes(&bins) >= MA_BINNED_MAX - 2 * MA_PAGE);
}

static void remove_block(void *b)
{
    bins_remove(&bins, b);
}

static void a_top_with_smashed_links_is_reported(void **state)
{
    (void)state;
    struct mem_block *top = insert_top(0, 2048);
    struct mem_block *none = top->next_free;
    top->next_free = NULL;
    assert_false(bins_check(&bins));
    assert_aborts(remove_block, top, "corrupted free list");
    top->next_free = none;
    assert_true(bins_check(&bins));
    top->prev_free = top;
    assert_false(bins_check(&bins));
    assert_aborts(remove_block, top, "corrupted free list");
}

static void removing_the_top_twice_aborts(void **state)
{
    (void)state;
    struct mem_block *top = insert_top(0, 2048);
    bins_remove(&bins, top);
    assert_aborts(remove_block, top, "corrupted free list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(I4_the_top_is_taken_where_nothing_smaller_fits, empty_bins),
        cmocka_unit_test_setup(of_two_that_fit_as_well_the_top_is_left, empty_bins),
        cmocka_unit_test_setup(a_small_top_is_in_no_bin, empty_bins),
        cmocka_unit_test_setup(a_second_top_is_filed_as_any_block, empty_bins),
        cmocka_unit_test_setup(the_top_is_purged_after_all_others, empty_bins),
        cmocka_unit_test_setup(a_top_with_smashed_links_is_reported, empty_bins),
        cmocka_unit_test_setup(removing_the_top_twice_aborts, empty_bins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
