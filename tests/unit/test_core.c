/*
 * Best fit, splitting, coalescing, zeroed and aligned blocks, releases that are put
 * off, and what happens to a program that misuses its payloads.
 */
#include "support/core_fixture.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static uint64_t random_state;

static int setup(void **state)
{
    random_state = 1;
    return fixture_setup(state);
}

static size_t usable(const void *payload)
{
    return core_usable_size(payload, "test");
}

static size_t block_size(const void *payload)
{
    return mb_size(mb_of_payload(payload));
}

/* ---- What every payload is ---- */

static void a_payload_is_aligned_and_has_room_for_the_request(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t size = 0; size < 300; size++) {
        char *payload = core_alloc(core, size);
        assert_int_equal((uintptr_t)payload % MA_ALIGNMENT, 0);
        assert_true(usable(payload) >= size);
        memset(payload, 0xff, usable(payload)); /* the teardown sees what it overwrote */
    }
}

/* docs/adr/0001: 8 bytes over the payload, in steps of 16, at least 32. */
static void a_block_is_no_larger_than_it_must_be(void **state)
{
    struct ma_core *core = core_of(state);
    const size_t requests[][2] = {{0, 32},  {1, 32},  {24, 32},      {25, 48},
                                  {40, 48}, {41, 64}, {1000, 1008},  {1001, 1024},
                                  {56, 64}, {57, 80}, {65528, 65536}};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        assert_int_equal(block_size(core_alloc(core, requests[i][0])), requests[i][1]);
    }
}

static void the_usable_size_is_what_two_neighbours_do_not_share(void **state)
{
    struct ma_core *core = core_of(state);
    char *a = core_alloc(core, 24);
    char *b = core_alloc(core, 24);
    assert_int_equal(usable(a), 24);
    payload_fill(a, usable(a), 1);
    payload_fill(b, usable(b), 2);
    assert_true(payload_holds(a, usable(a), usable(a), 1));
    assert_true(payload_holds(b, usable(b), usable(b), 2));
}

static void released_memory_is_used_again(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, 1000);
    core_free(core, payload);
    assert_ptr_equal(core_alloc(core, 1000), payload);
}

/* ---- Best fit ---- */

enum { SEEN_MAX = 4096 };

/* The free blocks, as a walk sees them. */
struct free_list {
    size_t count;
    struct ma_block blocks[SEEN_MAX];
};

static int note_free(const struct ma_block *block, void *context)
{
    struct free_list *list = context;
    if (!block->is_used && list->count < SEEN_MAX) {
        list->blocks[list->count++] = *block;
    }
    return 0;
}

/* The least size among free blocks of at least `size` bytes; SIZE_MAX if there is none. */
static size_t least_fitting(const struct free_list *list, size_t size)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < list->count; i++) {
        if (list->blocks[i].size >= size && list->blocks[i].size < best) {
            best = list->blocks[i].size;
        }
    }
    return best;
}

/* The size that the free block of `payload` had; 0 if it was none. */
static size_t size_before(const struct free_list *list, const void *payload)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->blocks[i].payload == payload) {
            return list->blocks[i].size;
        }
    }
    return 0;
}

/* core_alloc(), and assert that the payload was cut from the smallest block that holds it. */
static void *alloc_asserting_best_fit(struct ma_core *core, size_t size)
{
    static struct free_list list;
    list.count = 0;
    core_walk(core, note_free, &list);
    size_t best = least_fitting(&list, mb_size_for(size));
    void *payload = core_alloc(core, size);
    if (best != SIZE_MAX) {
        assert_int_equal(size_before(&list, payload), best);
    }
    return payload;
}

static void the_smallest_of_several_fitting_blocks_is_taken(void **state)
{
    struct ma_core *core = core_of(state);
    const size_t sizes[] = {5000, 100, 70000, 64, 3000, 200000, 68000, 90, 65536, 400};
    void *holes[COUNT_OF(sizes)];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        holes[i] = alloc_walled(core, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        core_free(core, holes[i]);
    }
    const size_t requests[] = {60,   65,    91,    101,   300,   2500,
                               4000, 65000, 65530, 66000, 69000, 100000};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        alloc_asserting_best_fit(core, requests[i]);
    }
}

static void an_exact_fit_is_taken_though_larger_blocks_are_freed_later(void **state)
{
    struct ma_core *core = core_of(state);
    void *exact = alloc_walled(core, 1000);
    void *larger = alloc_walled(core, 1016);
    core_free(core, exact);
    core_free(core, larger);
    assert_ptr_equal(core_alloc(core, 1000), exact);
    assert_ptr_equal(core_alloc(core, 1000), larger);
}

static void random_requests_get_the_best_fit_that_brute_force_finds(void **state)
{
    struct ma_core *core = core_of(state);
    void *held[300] = {NULL};
    for (int turn = 0; turn < 3000; turn++) {
        size_t slot = random_below(&random_state, COUNT_OF(held));
        if (held[slot] != NULL) {
            core_free(core, held[slot]);
            held[slot] = NULL;
        } else {
            size_t size =
                random_below(&random_state, random_below(&random_state, 8) == 0 ? 100000 : 600);
            held[slot] = alloc_asserting_best_fit(core, size);
        }
    }
}

/* ---- Splitting ---- */

static void what_a_request_leaves_over_is_a_free_block(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = alloc_walled(core, 1000);
    core_free(core, hole);

    char *payload = core_alloc(core, 500);

    assert_ptr_equal(payload, hole);
    assert_int_equal(block_size(payload), 512);
    assert_ptr_equal(core_alloc(core, 1008 - 512 - 8), hole + 512); /* the rest, all of it */
}

static void the_smallest_possible_rest_is_split_off(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = alloc_walled(core, 96 + MB_MIN - 8);
    core_free(core, hole);
    size_t free_count = figures_of(core).free_count;

    char *payload = core_alloc(core, 88);

    assert_ptr_equal(payload, hole);
    assert_int_equal(block_size(payload), 96);
    assert_int_equal(figures_of(core).free_count, free_count);
}

/* A rest of 16 bytes could not hold its links. */
static void a_rest_that_cannot_be_a_block_stays_with_the_payload(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = alloc_walled(core, 88);
    core_free(core, hole);
    size_t free_count = figures_of(core).free_count;

    char *payload = core_alloc(core, 72);

    assert_ptr_equal(payload, hole);
    assert_int_equal(usable(payload), 88);
    assert_int_equal(figures_of(core).free_count, free_count - 1);
    memset(payload, 0xff, 88);
}

/* ---- Coalescing ---- */

/* Four payloads side by side, the last of them a wall. */
struct row {
    struct ma_core *core;
    char *a;
    char *b;
    char *c;
};

static struct row row_of_three(void **state)
{
    struct row row = {.core = core_of(state)};
    row.a = core_alloc(row.core, 56);
    row.b = core_alloc(row.core, 56);
    row.c = alloc_walled(row.core, 56);
    return row;
}

/* Release `b`; assert that the number of free blocks changes by `change`, that there is
 * one of `size` bytes whose payload is at `start`, and that the heap is sound. */
static void assert_release_of_b_makes(const struct row *row, int change, void *start, size_t size)
{
    size_t before = figures_of(row->core).free_count;
    core_free(row->core, row->b);
    assert_int_equal(figures_of(row->core).free_count, before + (size_t)(ptrdiff_t)change);
    assert_int_equal(core_check(row->core), 0);
    assert_ptr_equal(core_alloc(row->core, size - MB_OVERHEAD), start);
}

static void I2_a_block_between_used_ones_is_freed_alone(void **state)
{
    struct row row = row_of_three(state);
    assert_release_of_b_makes(&row, 1, row.b, 64);
}

static void I2_a_freed_block_merges_with_the_free_one_after_it(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.c);
    assert_release_of_b_makes(&row, 0, row.b, 128);
}

static void I2_a_freed_block_merges_with_the_free_one_before_it(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.a);
    assert_release_of_b_makes(&row, 0, row.a, 128);
}

static void I2_freeing_the_block_between_two_free_ones_merges_all_three(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.a);
    core_free(row.core, row.c);
    assert_release_of_b_makes(&row, -1, row.a, 192);
}

static void I2_whatever_the_order_of_release_one_free_block_is_left(void **state)
{
    struct ma_core *core = core_of(state);
    for (int turn = 0; turn < 20; turn++) {
        void *held[40];
        for (size_t i = 0; i < COUNT_OF(held); i++) {
            held[i] = core_alloc(core, random_below(&random_state, 3000));
        }
        for (size_t left = COUNT_OF(held); left > 0; left--) {
            size_t i = random_below(&random_state, left);
            core_free(core, held[i]);
            held[i] = held[left - 1];
        }
        assert_int_equal(figures_of(core).free_count, 1);
        assert_int_equal(figures_of(core).live_bytes, 0);
    }
}

/* ---- Alignment ---- */

static void an_aligned_payload_is_aligned_and_usable(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t alignment = 32; alignment <= 4 * MIB; alignment *= 2) {
        for (size_t size = 0; size < 2000; size = size * 3 + 1) {
            char *payload = core_alloc_aligned(core, alignment, size);
            assert_int_equal((uintptr_t)payload % alignment, 0);
            assert_true(usable(payload) >= size);
            memset(payload, 0xff, usable(payload));
            core_alloc(
                core, random_below(&random_state, 100)); /* so that the next one starts elsewhere */
        }
    }
}

static void a_weak_alignment_needs_nothing_special(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t alignment = 1; alignment <= MA_ALIGNMENT; alignment *= 2) {
        void *hole = alloc_walled(core, 100);
        core_free(core, hole);
        assert_ptr_equal(core_alloc_aligned(core, alignment, 100), hole);
        core_free(core, hole);
    }
}

/* What lies before and after an aligned block is free memory, not lost. */
static void an_aligned_block_leaves_both_remainders_free(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    size_t free_bytes = figures_of(core).free_bytes;
    size_t free_count = figures_of(core).free_count;

    void *payload = core_alloc_aligned(core, 4096, 1000);

    assert_int_equal(block_size(payload), 1008);
    assert_int_equal(figures_of(core).free_bytes, free_bytes - 1008);
    assert_int_equal(figures_of(core).free_count, free_count + 1);
    core_free(core, payload);
    assert_int_equal(figures_of(core).free_bytes, free_bytes);
    assert_int_equal(figures_of(core).free_count, free_count);
}

/* A lead of 16 bytes could not be a block: the next multiple is taken. */
static void a_lead_that_cannot_be_a_block_is_made_longer(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    if ((uintptr_t)mb_payload(tail_of(core)) % 32 != 16) {
        core_alloc(core, 40);
    }
    char *expected = (char *)mb_payload(tail_of(core)) + 16 + 32;

    char *payload = core_alloc_aligned(core, 32, 40);

    assert_ptr_equal(payload, expected);
    assert_ptr_equal(core_alloc(core, 32), expected - 48); /* the lead */
}

static void an_aligned_request_takes_the_best_fit_where_it_is_aligned(void **state)
{
    struct ma_core *core = core_of(state);
    void *hole = core_alloc_aligned(core, 256, 500);
    core_alloc(core, 5000); /* a wall that does not fit before the hole */
    core_free(core, hole);
    assert_ptr_equal(core_alloc_aligned(core, 256, 500), hole);
}

/* The best fit is large enough but not aligned; a larger block is, before new memory. */
static void an_aligned_request_takes_a_larger_block_before_it_grows_the_heap(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc_aligned(core, 1024, 8); /* what follows is not aligned */
    void *tight = alloc_walled(core, 504);
    char *wide = alloc_walled(core, 504 + 1024 + 16);
    assert_int_not_equal((uintptr_t)tight % 1024, 0);
    core_free(core, tight);
    core_free(core, wide);
    size_t heap_bytes = core->heap_bytes;

    char *payload = core_alloc_aligned(core, 1024, 500);

    assert_in_range((uintptr_t)payload, (uintptr_t)wide, (uintptr_t)wide + 1040);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void an_aligned_request_grows_the_heap_where_nothing_fits(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    use_up_tail(core);
    size_t heap_bytes = core->heap_bytes;
    assert_non_null(core_alloc_aligned(core, 4096, 100));
    assert_true(core->heap_bytes > heap_bytes);
}

/* ---- Zeroed memory ---- */

/* core_alloc_zeroed(), asserting that it is zero; then it is made dirty. */
static void *alloc_asserting_zero(struct ma_core *core, size_t size)
{
    char *payload = core_alloc_zeroed(core, size);
    assert_non_null(payload);
    assert_true(payload_is_zero(payload, size));
    memset(payload, 0xff, usable(payload));
    return payload;
}

/* The payload's last word is the next block's prev_size, which a split has written: a
 * block that lies in memory that was never used was handed out with that word in it. */
static void I9_a_block_of_untouched_memory_is_zero_up_to_its_last_word(void **state)
{
    struct ma_core *core = core_of(state);
    const size_t sizes[] = {24, 40, 56, 72, 88, 104, 1000, 4088, 65528, 65544};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *payload = core_alloc_zeroed(core, sizes[i]);
        assert_int_equal(usable(payload), sizes[i]);
        assert_true(payload_is_zero(payload + sizes[i] - 8, 8));
        assert_true(payload_is_zero(payload, sizes[i]));
    }
}

static void I9_untouched_memory_is_zero_for_every_size(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t size = 0; size < 1000; size++) {
        alloc_asserting_zero(core, size);
    }
}

static void reused_memory_is_cleared(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t size = 24; size < 200000; size = size * 2 + 16) {
        void *payload = alloc_walled(core, size);
        memset(payload, 0xff, usable(payload));
        core_free(core, payload);
        assert_ptr_equal(alloc_asserting_zero(core, size), payload);
    }
}

/* The block begins in used memory and ends in what was never used. */
static void a_block_that_is_dirty_in_part_is_cleared_whole(void **state)
{
    struct ma_core *core = core_of(state);
    for (size_t dirty = 1; dirty < 600; dirty += 37) {
        void *payload = core_alloc(core, dirty);
        memset(payload, 0xff, usable(payload));
        core_free(core, payload);
        assert_ptr_equal(alloc_asserting_zero(core, 5000), payload);
    }
}

/* The free block there holds a tree's node, which is more than a list's links. */
static void I9_a_tree_node_in_the_free_memory_behind_is_not_left_in_a_later_block(void **state)
{
    struct ma_core *core = core_of(state);
    for (int i = 0; i < 10; i++) {
        core_alloc(core, 8);
        assert_true(mb_size(tail_of(core)) > MA_BINNED_MAX);
        alloc_asserting_zero(core, 5000);
    }
}

static void I9_memory_of_an_extension_is_zero_with_and_without_a_free_tail(void **state)
{
    struct ma_core *core = core_of(state);
    alloc_asserting_zero(core, 100);
    alloc_asserting_zero(core, 300 * KIB); /* over the old fence */
    memset(use_up_tail(core), 0xff, 8);
    alloc_asserting_zero(core, 300 * KIB); /* from the old fence on */
    use_up_tail(core);
    alloc_asserting_zero(core, 24);
    assert_int_equal(segment_count_of(core), 1);
}

/* ---- Below the top ---- */

static void *alloc_below_top(struct ma_core *core, size_t size)
{
    return core_serve(core, &(struct core_request){.size = size, .source = CORE_BELOW_TOP});
}

static void below_the_top_the_best_fit_is_taken(void **state)
{
    struct ma_core *core = core_of(state);
    void *large = alloc_walled(core, 3000);
    void *fitting = alloc_walled(core, 2000);
    core_free(core, large);
    core_free(core, fitting);
    assert_ptr_equal(alloc_below_top(core, 1990), fitting);
    assert_ptr_equal(alloc_below_top(core, 1990), large);
}

static void the_top_is_left_alone_and_the_heap_does_not_grow(void **state)
{
    struct ma_core *core = core_of(state);
    assert_null(alloc_below_top(core, 100)); /* no segment yet */
    core_free(core, alloc_walled(core, 1000));
    size_t top = mb_size(tail_of(core));
    size_t heap_bytes = core->heap_bytes;
    assert_null(alloc_below_top(core, 2000));
    assert_null(alloc_below_top(core, 2 * top));
    assert_int_equal(mb_size(tail_of(core)), top);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void I9_memory_is_zero_after_the_top_was_given_back_and_taken_again(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, MIB);
    memset(payload, 0xff, MIB);
    core_free(core, payload);
    core_age_top(core);
    assert_true(core->heap_bytes < MIB);
    assert_int_equal(core_check(core), 0);
    alloc_asserting_zero(core, MIB);
}

static void I9_memory_is_zero_after_a_trim_within_the_untouched_part(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, 200 * KIB)); /* nothing was written */
    assert_true(core_trim(core, 0));
    assert_int_equal(core_check(core), 0);
    alloc_asserting_zero(core, 200 * KIB);
    assert_int_equal(core_check(core), 0);
}

static void I9_memory_is_zero_after_others_moved_the_break(void **state)
{
    struct ma_core *core = core_of(state);
    alloc_asserting_zero(core, 100);
    fake_os_foreign_break(100);
    alloc_asserting_zero(core, 300 * KIB);
    assert_int_equal(segment_count_of(core), 2);
    alloc_asserting_zero(core, 100 * KIB); /* the rest of the first segment */
    alloc_asserting_zero(core, 10 * KIB);
}

static void zeroed_memory_that_cannot_be_had_is_NULL(void **state)
{
    struct ma_core *core = core_of(state);
    fake_os_refuse_from(0);
    assert_null(core_alloc_zeroed(core, 1));
}

/* ---- Misuse ---- */

struct misuse {
    struct ma_core *core;
    void *payload;
};

static void do_free(void *context)
{
    const struct misuse *misuse = context;
    core_free(misuse->core, misuse->payload);
}

static void do_realloc(void *context)
{
    const struct misuse *misuse = context;
    core_realloc(misuse->core, misuse->payload, 5000);
}

static void do_ask_size(void *context)
{
    const struct misuse *misuse = context;
    core_usable_size(misuse->payload, "malloc_usable_size");
}

static void assert_free_aborts(struct ma_core *core, void *payload, const char *text)
{
    struct misuse misuse = {core, payload};
    assert_aborts(do_free, &misuse, text);
}

static void a_double_free_aborts_and_says_so(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.b);
    assert_free_aborts(row.core, row.b, "double free: the block of 64 bytes is free already");
}

/* Its header stays behind within the merged block. */
static void a_double_free_is_recognised_after_the_block_was_merged(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.a);
    core_free(row.core, row.b);
    core_free(row.core, row.c);
    assert_free_aborts(row.core, row.b, "double free");
    assert_free_aborts(row.core, row.c, "double free");
}

static void a_wild_pointer_aborts_and_says_so(void **state)
{
    struct row row = row_of_three(state);
    char on_stack[64] = {0};
    const char *text = "no block begins there, or its header was overwritten";
    void *wild[] = {
        row.b + 16,                                  /* within a payload */
        row.b + 8,                                   /* and not aligned */
        row.core->growing,                           /* before the first block */
        segment_first(row.core->growing),            /* its header, as a payload */
        row.core->growing->end,                      /* the fence's payload */
        row.core->growing->end - MB_HEADER,          /* the fence */
        row.core->growing->end + MIB,                /* nobody's granule */
        fake_os_base() + FAKE_OS_BYTES - MA_GRANULE, /* beyond the table */
        on_stack + 32,
    };
    for (size_t i = 0; i < COUNT_OF(wild); i++) {
        assert_free_aborts(row.core, wild[i], text);
    }
}

static void the_report_names_the_function_that_was_called(void **state)
{
    struct row row = row_of_three(state);
    struct misuse misuse = {row.core, row.b + 16};
    assert_aborts(do_free, &misuse, "free(0x");
    assert_aborts(do_realloc, &misuse, "realloc(0x");
    assert_aborts(do_ask_size, &misuse, "malloc_usable_size(0x");
}

static void a_smashed_header_aborts(void **state)
{
    struct row row = row_of_three(state);
    fixture_heap_is_broken(state);
    memset(mb_of_payload(row.b), 0x41, MB_HEADER);
    assert_free_aborts(row.core, row.b, "its header was overwritten");
}

/* A single byte is enough: the payload ends where the next header's word begins. */
static void a_write_past_the_end_is_noticed_when_the_block_is_freed(void **state)
{
    struct row row = row_of_three(state);
    fixture_heap_is_broken(state);
    row.a[usable(row.a)] ^= 0x40;
    assert_free_aborts(row.core, row.a,
                       "the header after the block of 56 usable bytes was overwritten; probably a "
                       "write past the block's end");
}

/* The next header is sealed, but says that this block is free. */
static void a_next_header_that_contradicts_is_noticed(void **state)
{
    struct row row = row_of_three(state);
    fixture_heap_is_broken(state);
    mb_set(mb_of_payload(row.b), 64, MB_USED);
    assert_free_aborts(row.core, row.a, "heap corrupted: the header after the block");
}

/* Break the header of the free `a`, of which `b` says that it lies before it. */
static void smash_a(struct row *row, size_t size, size_t flags, size_t prev_size)
{
    struct mem_block *b = mb_of_payload(row->b);
    mb_set(mb_of_payload(row->a), size, flags);
    b->prev_size = prev_size;
}

static void I3_a_smashed_free_block_before_is_noticed(void **state)
{
    struct row row = row_of_three(state);
    const char *text = "the header of the free block before";
    core_free(row.core, row.a);
    fixture_heap_is_broken(state);

    smash_a(&row, 64, MB_PREV_USED | MB_USED, 64); /* used */
    assert_free_aborts(row.core, row.b, text);
    smash_a(&row, 48, MB_PREV_USED, 64); /* another size */
    assert_free_aborts(row.core, row.b, text);
    smash_a(&row, 64, MB_PREV_USED, 48); /* no block there */
    assert_free_aborts(row.core, row.b, text);
    smash_a(&row, 64, MB_PREV_USED, 80); /* before the first */
    assert_free_aborts(row.core, row.b, text);
    smash_a(&row, 64, MB_PREV_USED, 72); /* nor can there be one */
    assert_free_aborts(row.core, row.b, text);
    smash_a(&row, 64, MB_PREV_USED, 4 * MIB); /* not even memory */
    assert_free_aborts(row.core, row.b, text);
}

static void do_alloc(void *context)
{
    const struct row *row = context;
    core_alloc(row->core, 56);
}

static void a_free_block_with_a_smashed_header_is_noticed_when_it_is_taken(void **state)
{
    struct row row = row_of_three(state);
    struct mem_block *b = mb_of_payload(row.b);
    core_free(row.core, row.b);
    fixture_heap_is_broken(state);
    const char *text = "the header of the free block at";
    b->head ^= (size_t)1 << 63;
    assert_aborts(do_alloc, &row, text);
    mb_set(b, 64, MB_USED | MB_PREV_USED);
    assert_aborts(do_alloc, &row, text);
}

/* As memory that is written to after it was freed has them. */
static void I4_a_free_block_with_smashed_links_is_noticed_when_it_is_taken(void **state)
{
    struct row row = row_of_three(state);
    struct mem_block *a = mb_of_payload(row.a);
    struct mem_block *c = mb_of_payload(row.c);
    core_free(row.core, row.a);
    core_free(row.core, row.c); /* the first of its bin, `a` behind it */
    fixture_heap_is_broken(state);
    void *wrong[] = {row.a + 8, row.a + 16, row.b - MB_HEADER, (void *)0x41414141, c};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        c->next_free = wrong[i];
        assert_aborts(do_alloc, &row, "corrupted free list");
    }
    c->next_free = a;
    a->prev_free = a; /* no longer says that `c` is before it */
    assert_aborts(do_alloc, &row, "corrupted free list");
}

/* ---- Put off ---- */

static void a_release_that_interrupts_the_core_is_put_off_until_it_is_left(void **state)
{
    struct row row = row_of_three(state);
    core_enter(row.core);

    core_defer(row.core, row.a);
    core_defer(row.core, row.c);

    assert_int_equal(usable(row.a), 56); /* still live */
    core_leave(row.core);
    struct ma_stats stats = figures_of(row.core);
    assert_int_equal(stats.release_count, 2);
    assert_ptr_equal(core_alloc(row.core, 56), row.a);
    assert_ptr_equal(core_alloc(row.core, 56), row.c);
}

static void what_was_put_off_is_released_by_the_next_call(void **state)
{
    struct row row = row_of_three(state);
    core_defer(row.core, row.b);
    assert_int_equal(figures_of(row.core).live_count, 4); /* leaving it released `b` */
    assert_int_equal(figures_of(row.core).live_count, 3);
}

static void do_defer(void *context)
{
    const struct misuse *misuse = context;
    core_defer(misuse->core, misuse->payload);
}

/* Before a link is written over what is no payload. */
static void a_wrong_release_is_noticed_before_it_is_put_off(void **state)
{
    struct row row = row_of_three(state);
    core_free(row.core, row.b);
    struct misuse twice = {row.core, row.b};
    struct misuse wild = {row.core, row.c + 16};
    assert_aborts(do_defer, &twice, "double free");
    assert_aborts(do_defer, &wild, "no block begins there");
}

static void do_defer_twice(void *context)
{
    const struct misuse *misuse = context;
    core_enter(misuse->core);
    do_defer(context);
    do_defer(context);
    core_leave(misuse->core);
}

/* Its link then leads to itself. */
static void a_double_free_of_what_was_put_off_is_noticed_when_the_core_is_left(void **state)
{
    struct row row = row_of_three(state);
    struct misuse twice = {row.core, row.b};
    assert_aborts(do_defer_twice, &twice, "double free");
}

enum { DEFERRING_THREADS = 2, DEFERRED_EACH = 10000 };

struct deferring {
    struct ma_core *core;
    pthread_barrier_t *start;
    void *payloads[DEFERRED_EACH];
};

static void *defer_all(void *context)
{
    struct deferring *deferring = context;
    pthread_barrier_wait(deferring->start);
    for (size_t i = 0; i < DEFERRED_EACH; i++) {
        core_defer(deferring->core, deferring->payloads[i]);
    }
    return NULL;
}

static void releases_that_many_threads_put_off_at_once_are_all_carried_out(void **state)
{
    struct ma_core *core = core_of(state);
    static struct deferring deferring[DEFERRING_THREADS];
    pthread_t threads[DEFERRING_THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, DEFERRING_THREADS + 1);
    for (size_t t = 0; t < DEFERRING_THREADS; t++) {
        deferring[t].core = core;
        deferring[t].start = &barrier;
        for (size_t i = 0; i < DEFERRED_EACH; i++) {
            deferring[t].payloads[i] = core_alloc(core, 24);
        }
    }
    core_enter(core);
    for (size_t t = 0; t < DEFERRING_THREADS; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, defer_all, &deferring[t]), 0);
    }
    pthread_barrier_wait(&barrier);
    core_leave(core); /* in their midst */
    for (size_t t = 0; t < DEFERRING_THREADS; t++) {
        pthread_join(threads[t], NULL);
    }
    pthread_barrier_destroy(&barrier);
    core_free(core, core_alloc(core, 1));
    assert_int_equal(figures_of(core).live_count, 0);
    assert_int_equal(figures_of(core).free_count, 1);
}

static void a_core_knows_that_this_thread_is_inside(void **state)
{
    struct ma_core *core = core_of(state);
    assert_false(core_is_entered(core));
    core_enter(core);
    assert_true(core_is_entered(core));
    assert_false(core_is_entered(second_core_of(state)));
    core_leave(core);
    assert_false(core_is_entered(core));
}

/* ---- Lending, for fork() ---- */

static void a_core_that_is_lent_serves_the_thread_that_lent_it(void **state)
{
    struct ma_core *core = core_of(state);
    core_lend(core);
    assert_false(core_is_entered(core));
    void *payload = core_alloc(core, 100);
    core_free(core, payload);
    core_take_back(core);
    assert_false(core_is_entered(core));
    assert_ptr_equal(core_alloc(core, 100), payload);
}

static void taking_back_a_core_that_was_not_lent_does_nothing(void **state)
{
    struct ma_core *core = core_of(state);
    core_take_back(core);
    assert_false(core_is_entered(core));
    core_enter(core);
    core_take_back(core);
    assert_true(core_is_entered(core));
    core_leave(core);
}

static void taking_a_core_back_releases_what_was_put_off(void **state)
{
    struct row row = row_of_three(state);
    core_lend(row.core);
    core_defer(row.core, row.b);
    core_take_back(row.core);
    assert_int_equal(figures_of(row.core).live_count, 3);
}

/* ---- Two cores ---- */

static void two_cores_that_grow_in_turn_stay_apart(void **state)
{
    struct ma_core *cores[] = {core_of(state), second_core_of(state)};
    char *held[2][6];
    for (size_t i = 0; i < 6; i++) {
        for (unsigned c = 0; c < 2; c++) {
            held[c][i] = core_alloc(cores[c], 200 * KIB);
            payload_fill(held[c][i], 200 * KIB, c);
            assert_ptr_equal(space_segment_of(held[c][i])->core, cores[c]);
        }
    }
    assert_int_equal(segment_count_of(cores[0]), 6); /* each was in the other's way */
    for (unsigned c = 0; c < 2; c++) {
        for (size_t i = 0; i < 6; i++) {
            assert_true(payload_holds(held[c][i], 200 * KIB, 200 * KIB, c));
            core_free(cores[c], held[c][i]);
        }
        assert_int_equal(figures_of(cores[c]).live_count, 0);
        assert_int_equal(core_check(cores[c]), 0);
    }
}

/* ---- At random ---- */

enum { SLOTS = 700, TURNS = 60000, TURNS_PER_CHECK = 5000 };

/* What the model knows of a payload. */
struct shadow {
    char *payload;
    size_t size;
    unsigned seed;
};

static size_t random_size(void)
{
    size_t kind = random_below(&random_state, 100);
    if (kind < 70) {
        return random_below(&random_state, 200);
    }
    if (kind < 97) {
        return random_below(&random_state, 5000);
    }
    return random_below(&random_state, kind < 99 ? 70000 : 400000);
}

static void put(struct shadow *s, char *payload, size_t size)
{
    assert_non_null(payload);
    assert_int_equal((uintptr_t)payload % MA_ALIGNMENT, 0);
    *s = (struct shadow){payload, size, (unsigned)random_below(&random_state, 256)};
    payload_fill(payload, size, s->seed);
}

static void random_allocation(struct ma_core *core, struct shadow *s)
{
    size_t size = random_size();
    size_t alignment = (size_t)1 << random_below(&random_state, 13);
    switch (random_below(&random_state, 4)) {
    case 0:
        put(s, alloc_asserting_zero(core, size), size);
        break;
    case 1:
        put(s, core_alloc_aligned(core, alignment, size), size);
        assert_int_equal((uintptr_t)s->payload % alignment, 0);
        break;
    default:
        put(s, core_alloc(core, size), size);
    }
}

static void random_operation(struct ma_core *core, struct shadow *s)
{
    if (s->payload == NULL) {
        random_allocation(core, s);
        return;
    }
    assert_true(payload_holds(s->payload, s->size, s->size, s->seed));
    if (random_below(&random_state, 2) == 0) {
        core_free(core, s->payload);
        s->payload = NULL;
        return;
    }
    size_t size = random_size();
    char *payload = core_realloc(core, s->payload, size);
    assert_true(payload_holds(payload, s->size, size, s->seed));
    put(s, payload, size);
}

static void assert_model_and_core_agree(struct ma_core *core, const struct shadow *shadows)
{
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        count += shadows[i].payload != NULL;
        bytes += shadows[i].payload != NULL ? usable(shadows[i].payload) : 0;
    }
    assert_int_equal(core_check(core), 0);
    assert_int_equal(figures_of(core).live_count, count);
    assert_int_equal(figures_of(core).live_bytes, bytes);
}

static void random_operations_agree_with_a_plain_model(void **state)
{
    struct ma_core *core = core_of(state);
    static struct shadow shadows[SLOTS];
    memset(shadows, 0, sizeof(shadows));
    for (size_t turn = 0; turn < TURNS; turn++) {
        random_operation(core, &shadows[random_below(&random_state, SLOTS)]);
        if (turn % TURNS_PER_CHECK == 0) {
            assert_model_and_core_agree(core, shadows);
            fake_os_foreign_break((intptr_t)random_below(&random_state, 2) * 5000);
            core_trim(core, random_below(&random_state, 100000));
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (shadows[i].payload != NULL) {
            core_free(core, shadows[i].payload);
        }
    }
    assert_int_equal(figures_of(core).live_bytes, 0);
    assert_int_equal(figures_of(core).free_count, segment_count_of(core));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_payload_is_aligned_and_has_room_for_the_request),
        TEST(a_block_is_no_larger_than_it_must_be),
        TEST(the_usable_size_is_what_two_neighbours_do_not_share),
        TEST(released_memory_is_used_again),
        TEST(the_smallest_of_several_fitting_blocks_is_taken),
        TEST(an_exact_fit_is_taken_though_larger_blocks_are_freed_later),
        TEST(random_requests_get_the_best_fit_that_brute_force_finds),
        TEST(what_a_request_leaves_over_is_a_free_block),
        TEST(the_smallest_possible_rest_is_split_off),
        TEST(a_rest_that_cannot_be_a_block_stays_with_the_payload),
        TEST(I2_a_block_between_used_ones_is_freed_alone),
        TEST(I2_a_freed_block_merges_with_the_free_one_after_it),
        TEST(I2_a_freed_block_merges_with_the_free_one_before_it),
        TEST(I2_freeing_the_block_between_two_free_ones_merges_all_three),
        TEST(I2_whatever_the_order_of_release_one_free_block_is_left),
        TEST(an_aligned_payload_is_aligned_and_usable),
        TEST(a_weak_alignment_needs_nothing_special),
        TEST(an_aligned_block_leaves_both_remainders_free),
        TEST(a_lead_that_cannot_be_a_block_is_made_longer),
        TEST(an_aligned_request_takes_the_best_fit_where_it_is_aligned),
        TEST(an_aligned_request_takes_a_larger_block_before_it_grows_the_heap),
        TEST(an_aligned_request_grows_the_heap_where_nothing_fits),
        TEST(I9_a_block_of_untouched_memory_is_zero_up_to_its_last_word),
        TEST(I9_untouched_memory_is_zero_for_every_size),
        TEST(reused_memory_is_cleared),
        TEST(a_block_that_is_dirty_in_part_is_cleared_whole),
        TEST(I9_a_tree_node_in_the_free_memory_behind_is_not_left_in_a_later_block),
        TEST(I9_memory_of_an_extension_is_zero_with_and_without_a_free_tail),
        TEST(below_the_top_the_best_fit_is_taken),
        TEST(the_top_is_left_alone_and_the_heap_does_not_grow),
        TEST(I9_memory_is_zero_after_the_top_was_given_back_and_taken_again),
        TEST(I9_memory_is_zero_after_a_trim_within_the_untouched_part),
        TEST(I9_memory_is_zero_after_others_moved_the_break),
        TEST(zeroed_memory_that_cannot_be_had_is_NULL),
        TEST(a_double_free_aborts_and_says_so),
        TEST(a_double_free_is_recognised_after_the_block_was_merged),
        TEST(a_wild_pointer_aborts_and_says_so),
        TEST(the_report_names_the_function_that_was_called),
        TEST(a_smashed_header_aborts),
        TEST(a_write_past_the_end_is_noticed_when_the_block_is_freed),
        TEST(a_next_header_that_contradicts_is_noticed),
        TEST(I3_a_smashed_free_block_before_is_noticed),
        TEST(a_free_block_with_a_smashed_header_is_noticed_when_it_is_taken),
        TEST(I4_a_free_block_with_smashed_links_is_noticed_when_it_is_taken),
        TEST(a_release_that_interrupts_the_core_is_put_off_until_it_is_left),
        TEST(what_was_put_off_is_released_by_the_next_call),
        TEST(a_wrong_release_is_noticed_before_it_is_put_off),
        TEST(a_double_free_of_what_was_put_off_is_noticed_when_the_core_is_left),
        TEST(releases_that_many_threads_put_off_at_once_are_all_carried_out),
        TEST(a_core_knows_that_this_thread_is_inside),
        TEST(a_core_that_is_lent_serves_the_thread_that_lent_it),
        TEST(taking_back_a_core_that_was_not_lent_does_nothing),
        TEST(taking_a_core_back_releases_what_was_put_off),
        TEST(two_cores_that_grow_in_turn_stay_apart),
        TEST(random_operations_agree_with_a_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
