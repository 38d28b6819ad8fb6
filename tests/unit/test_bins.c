/*
 * The bins, against a plain array; and each way in which they can be corrupted.
 */
#include "core/bins.h"

#include "support/block_pool.h"
#include "support/core_alloc.h"
#include "support/expect_abort.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#ifdef MA_DEBUG
static const bool is_debug_build = true;
#else
static const bool is_debug_build = false;
#endif

enum { POOL = 256 };

static struct bins bins;
static uint64_t random_state;

static int empty_bins(void **state)
{
    (void)state;
    block_pool_start(POOL);
    memset(&bins, 0, sizeof(bins));
    random_state = 1;
    return 0;
}

static struct mem_block *insert(size_t place, size_t size)
{
    struct mem_block *b = block_at(place);
    mb_set(b, size, MB_PREV_USED);
    bins_insert(&bins, b);
    return b;
}

static void empty_bins_have_no_fit_and_are_sound(void **state)
{
    (void)state;
    const size_t sizes[] = {MB_MIN, 1024, MA_BINNED_MAX, MA_BINNED_MAX + 16, MB_SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_null(bins_best_fit(&bins, sizes[i]));
    }
    assert_int_equal(bins_largest(&bins), 0);
    assert_true(bins_check(&bins));
}

/* Around each word of the bitmap, and where the bins give way to the tree. */
static void I4_a_block_is_found_for_its_size_and_not_for_the_next(void **state)
{
    (void)state;
    for (size_t size = MB_MIN; size <= MA_BINNED_MAX + 1024; size += MA_ALIGNMENT) {
        struct mem_block *b = insert(0, size);
        assert_ptr_equal(bins_best_fit(&bins, MB_MIN), b);
        assert_ptr_equal(bins_best_fit(&bins, size), b);
        assert_null(bins_best_fit(&bins, size + MA_ALIGNMENT));
        assert_int_equal(bins_largest(&bins), size);
        bins_remove(&bins, b);
        assert_null(bins_best_fit(&bins, MB_MIN));
        assert_int_equal(bins_largest(&bins), 0);
    }
    assert_true(bins_check(&bins));
    assert_int_equal(bins.sets[0].summary, 0);
}

static void a_request_goes_on_from_the_bins_to_the_tree(void **state)
{
    (void)state;
    struct mem_block *small = insert(0, 4096);
    struct mem_block *large = insert(1, MA_BINNED_MAX + 16);
    assert_ptr_equal(bins_best_fit(&bins, 4096), small);
    assert_ptr_equal(bins_best_fit(&bins, 4112), large);
    assert_ptr_equal(bins_best_fit(&bins, MA_BINNED_MAX), large);
    assert_ptr_equal(bins_best_fit(&bins, MA_BINNED_MAX + 16), large);
    assert_null(bins_best_fit(&bins, MA_BINNED_MAX + 32));
}

static void a_large_request_does_not_look_at_the_bins(void **state)
{
    (void)state;
    insert(0, MA_BINNED_MAX);
    assert_null(bins_best_fit(&bins, MA_BINNED_MAX + 16));
}

static void a_fit_stays_filed_until_it_is_removed(void **state)
{
    (void)state;
    struct mem_block *b = insert(0, 64);
    assert_ptr_equal(bins_best_fit(&bins, 64), b);
    assert_ptr_equal(bins_best_fit(&bins, 64), b);
    assert_int_equal(bins.block_count, 1);
    assert_int_equal(bins.bytes, 64);
}

/* Its memory is still in the cache. */
static void within_a_bin_the_block_freed_last_is_taken_first(void **state)
{
    (void)state;
    insert(2, 64);
    insert(0, 64);
    insert(1, 64);
    assert_ptr_equal(bins_best_fit(&bins, 64), block_at(1));
    bins_remove(&bins, block_at(1));
    assert_ptr_equal(bins_best_fit(&bins, 64), block_at(0));
    bins_remove(&bins, block_at(0));
    assert_ptr_equal(bins_best_fit(&bins, 64), block_at(2));
}

static void a_block_is_removed_from_anywhere_in_its_bin(void **state)
{
    (void)state;
    for (size_t victim = 0; victim < 3; victim++) {
        empty_bins(state);
        for (size_t i = 0; i < 3; i++) {
            insert(i, 64);
        }
        bins_remove(&bins, block_at(victim));
        assert_true(bins_check(&bins));
        assert_int_equal(bins.block_count, 2);
        assert_ptr_equal(bins_best_fit(&bins, 64), block_at(victim == 2 ? 1 : 2));
    }
}

static void the_largest_block_is_known_across_bins_and_tree(void **state)
{
    (void)state;
    insert(0, 64);
    assert_int_equal(bins_largest(&bins), 64);
    insert(1, 1040);
    insert(2, 1024);
    assert_int_equal(bins_largest(&bins), 1040);
    insert(3, MA_BINNED_MAX);
    assert_int_equal(bins_largest(&bins), MA_BINNED_MAX);
    insert(4, 5 * MA_BINNED_MAX);
    insert(5, 2 * MA_BINNED_MAX);
    assert_int_equal(bins_largest(&bins), 5 * MA_BINNED_MAX);
}

/* The oracle's knowledge of one place of the pool; size 0: not filed. */
struct filed {
    size_t size;
    int turn; /* of its insertion */
};

/* Whether `a` is to be taken rather than `b`, which is the higher in memory. */
static bool is_better(const struct filed *a, const struct filed *b)
{
    if (a->size != b->size) {
        return a->size < b->size;
    }
    return a->size > MA_BINNED_MAX || a->turn > b->turn;
}

static struct mem_block *oracle_best(const struct filed *filed, size_t size)
{
    size_t best = POOL;
    for (size_t i = POOL; i > 0; i--) {
        const struct filed *one = &filed[i - 1];
        if (one->size != 0 && one->size >= size && (best == POOL || is_better(one, &filed[best]))) {
            best = i - 1;
        }
    }
    return best < POOL ? block_at(best) : NULL;
}

/* A size of one of several kinds: a few, many, around the limit, large. */
static size_t random_size(void)
{
    switch (random_below(&random_state, 4)) {
    case 0:
        return MB_MIN + random_below(&random_state, 4) * MA_ALIGNMENT;
    case 1:
        return MB_MIN + random_below(&random_state, 4096) * MA_ALIGNMENT;
    case 2:
        return MA_BINNED_MAX - 64 + random_below(&random_state, 8) * MA_ALIGNMENT;
    default:
        return MA_BINNED_MAX + random_below(&random_state, 100000) * MA_ALIGNMENT;
    }
}

static void turn_over(struct filed *filed, size_t place, int turn)
{
    if (filed[place].size == 0) {
        filed[place] = (struct filed){random_size(), turn};
        insert(place, filed[place].size);
    } else {
        bins_remove(&bins, block_at(place));
        filed[place].size = 0;
    }
}

static void I4_the_best_fit_is_the_one_that_brute_force_finds(void **state)
{
    (void)state;
    struct filed filed[POOL] = {{0, 0}};
    for (int turn = 0; turn < 30000; turn++) {
        turn_over(filed, random_below(&random_state, POOL), turn);
        size_t wanted = random_size();
        assert_ptr_equal(bins_best_fit(&bins, wanted), oracle_best(filed, wanted));
        if (turn % 200 == 0) {
            assert_true(bins_check(&bins));
        }
    }
}

/* What a program does: take the best fit, put it back later. */
static void taking_every_block_by_best_fit_yields_them_in_order_of_size(void **state)
{
    (void)state;
    size_t bytes = 0;
    for (size_t i = 0; i < POOL; i++) {
        bytes += mb_size(insert(i, random_size()));
    }
    assert_int_equal(bins.block_count, POOL);
    assert_int_equal(bins.bytes, bytes);
    size_t last = 0;
    for (size_t i = 0; i < POOL; i++) {
        struct mem_block *b = bins_best_fit(&bins, MB_MIN);
        assert_non_null(b);
        assert_true(mb_size(b) >= last);
        last = mb_size(b);
        bins_remove(&bins, b);
    }
    assert_int_equal(bins.block_count, 0);
    assert_int_equal(bins.bytes, 0);
    assert_true(bins_check(&bins));
}

/* Three blocks of 64 bytes, 2 before 1 before 0; one of 2048; one in the tree. */
static int five_blocks(void **state)
{
    empty_bins(state);
    for (size_t i = 0; i < 3; i++) {
        insert(i, 64);
    }
    insert(3, 2048);
    insert(4, 2 * MA_BINNED_MAX);
    return bins_check(&bins) ? 0 : -1;
}

static void the_check_sees_a_broken_tree(void **state)
{
    (void)state;
    block_at(4)->head ^= (size_t)1 << 60;
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_smashed_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        block_at(i)->head ^= (size_t)1 << 60;
        assert_false(bins_check(&bins));
        block_at(i)->head ^= (size_t)1 << 60;
    }
    assert_true(bins_check(&bins));
}

static void the_check_sees_a_used_block(void **state)
{
    (void)state;
    mb_set(block_at(1), 64, MB_USED | MB_PREV_USED);
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_block_in_the_wrong_bin(void **state)
{
    (void)state;
    mb_set(block_at(1), 80, MB_PREV_USED);
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_wrong_link(void **state)
{
    (void)state;
    block_at(1)->prev_free = block_at(0);
    assert_false(bins_check(&bins));
    block_at(1)->prev_free = block_at(2);
    struct mem_block *none = block_at(2)->prev_free; /* the first has none before it */
    block_at(2)->prev_free = block_at(0);
    assert_false(bins_check(&bins));
    block_at(2)->prev_free = NULL; /* "none" is not NULL: see list_end() */
    assert_false(bins_check(&bins));
    block_at(2)->prev_free = none;
    assert_true(bins_check(&bins));
    block_at(2)->next_free = block_at(0); /* skips one */
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_circle_and_ends(void **state)
{
    (void)state;
    block_at(0)->next_free = block_at(2);
    assert_false(bins_check(&bins));
    block_at(0)->next_free = block_at(0);
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_lost_block(void **state)
{
    (void)state;
    block_at(1)->next_free = NULL;
    assert_false(bins_check(&bins));
}

static void the_check_sees_a_wrong_bit(void **state)
{
    (void)state;
    for (size_t index = 0; index < BINS_COUNT; index++) {
        bins.sets[0].map[index / 64] ^= UINT64_C(1) << (index % 64);
        assert_false(bins_check(&bins));
        bins.sets[0].map[index / 64] ^= UINT64_C(1) << (index % 64);
        index += index % 64 == 10 ? 50 : 0; /* some of each word will do */
    }
    assert_true(bins_check(&bins));
}

static void the_check_sees_a_wrong_summary(void **state)
{
    (void)state;
    for (size_t word = 0; word < BINS_WORDS; word++) {
        bins.sets[0].summary ^= UINT64_C(1) << word;
        assert_false(bins_check(&bins));
        bins.sets[0].summary ^= UINT64_C(1) << word;
    }
    assert_true(bins_check(&bins));
}

static void the_check_sees_wrong_counts(void **state)
{
    (void)state;
    bins.block_count++;
    assert_false(bins_check(&bins));
    bins.block_count--;
    bins.bytes -= 16;
    assert_false(bins_check(&bins));
    bins.bytes += 16;
    assert_true(bins_check(&bins));
}

static void remove_block(void *b)
{
    bins_remove(&bins, b);
}

static void assert_removal_is_refused(size_t place)
{
    assert_aborts(remove_block, block_at(place), "corrupted free list");
}

/* As an overflow from below, or a write to freed memory, leaves them. */
static void removing_a_block_with_smashed_links_aborts(void **state)
{
    (void)state;
    struct mem_block *b = block_at(1);
    b->prev_free = block_at(3);
    assert_removal_is_refused(1);
    b->prev_free = NULL; /* not the first */
    assert_removal_is_refused(1);
    b->prev_free = block_at(2);
    b->next_free = block_at(3);
    assert_removal_is_refused(1);
}

static void removing_a_block_whose_neighbour_lost_it_aborts(void **state)
{
    (void)state;
    block_at(2)->next_free = block_at(0);
    assert_removal_is_refused(1);
    block_at(2)->next_free = block_at(1);
    block_at(0)->prev_free = block_at(2);
    assert_removal_is_refused(1);
}

static void removing_a_block_twice_aborts(void **state)
{
    (void)state;
    bins_remove(&bins, block_at(3));
    assert_removal_is_refused(3);
    bins_remove(&bins, block_at(1));
    assert_removal_is_refused(1);
}

static void the_report_names_the_payload_and_the_size(void **state)
{
    (void)state;
    block_at(3)->prev_free = block_at(0);
    assert_aborts(remove_block, block_at(3), "(2048 bytes)");
}

static void removing_a_large_block_with_a_smashed_link_aborts(void **state)
{
    (void)state;
    insert(5, 3 * MA_BINNED_MAX);
    memset(bins.tree.roots, 0, sizeof(bins.tree.roots));
    assert_aborts(remove_block, block_at(4), "corrupted");
}

static void file_a_used_block(void *context)
{
    (void)context;
    mb_set(block_at(9), 64, MB_USED);
    bins_insert(&bins, block_at(9));
}

static void debug_builds_refuse_to_file_a_used_block(void **state)
{
    (void)state;
    if (!is_debug_build) {
        skip();
    }
    assert_aborts(file_a_used_block, NULL, "does not hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty_bins_have_no_fit_and_are_sound, empty_bins),
        cmocka_unit_test_setup(I4_a_block_is_found_for_its_size_and_not_for_the_next, empty_bins),
        cmocka_unit_test_setup(a_request_goes_on_from_the_bins_to_the_tree, empty_bins),
        cmocka_unit_test_setup(a_large_request_does_not_look_at_the_bins, empty_bins),
        cmocka_unit_test_setup(a_fit_stays_filed_until_it_is_removed, empty_bins),
        cmocka_unit_test_setup(within_a_bin_the_block_freed_last_is_taken_first, empty_bins),
        cmocka_unit_test_setup(a_block_is_removed_from_anywhere_in_its_bin, empty_bins),
        cmocka_unit_test_setup(the_largest_block_is_known_across_bins_and_tree, empty_bins),
        cmocka_unit_test_setup(I4_the_best_fit_is_the_one_that_brute_force_finds, empty_bins),
        cmocka_unit_test_setup(taking_every_block_by_best_fit_yields_them_in_order_of_size,
                               empty_bins),
        cmocka_unit_test_setup(the_check_sees_a_broken_tree, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_smashed_header, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_used_block, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_block_in_the_wrong_bin, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_wrong_link, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_circle_and_ends, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_lost_block, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_wrong_bit, five_blocks),
        cmocka_unit_test_setup(the_check_sees_a_wrong_summary, five_blocks),
        cmocka_unit_test_setup(the_check_sees_wrong_counts, five_blocks),
        cmocka_unit_test_setup(removing_a_block_with_smashed_links_aborts, five_blocks),
        cmocka_unit_test_setup(removing_a_block_whose_neighbour_lost_it_aborts, five_blocks),
        cmocka_unit_test_setup(removing_a_block_twice_aborts, five_blocks),
        cmocka_unit_test_setup(the_report_names_the_payload_and_the_size, five_blocks),
        cmocka_unit_test_setup(removing_a_large_block_with_a_smashed_link_aborts, five_blocks),
        cmocka_unit_test_setup(debug_builds_refuse_to_file_a_used_block, five_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
