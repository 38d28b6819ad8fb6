/*
 * One block and its neighbours: header, seal, marks, splitting, merging.
 */
#include "core/mem_block.h"

#include "support/expect_abort.h"

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

enum { ROOM = 4096 };

static _Alignas(4096) char memory[ROOM];

/* Three used blocks of 128, 256 and 512 bytes, then a fence. */
struct row {
    struct mem_block *a;
    struct mem_block *b;
    struct mem_block *c;
    struct mem_block *fence;
};

static struct row row;

static int lay_out(void **state)
{
    (void)state;
    memset(memory, 0xee, sizeof(memory));
    mb_key = UINT64_C(0x5eed5eed5eed5eed);
    row.a = (struct mem_block *)memory;
    row.b = mb_at(row.a, 128);
    row.c = mb_at(row.b, 256);
    row.fence = mb_at(row.c, 512);
    mb_set(row.a, 128, MB_USED | MB_PREV_USED);
    mb_set(row.b, 256, MB_USED | MB_PREV_USED);
    mb_set(row.c, 512, MB_USED | MB_PREV_USED);
    mb_set(row.fence, MB_FENCE_SIZE, MB_USED | MB_PREV_USED);
    return 0;
}

static void assert_block(const struct mem_block *b, size_t size, size_t flags)
{
    assert_true(mb_is_sealed(b));
    assert_int_equal(mb_size(b), size);
    assert_int_equal(mb_flags(b), flags);
}

static void a_header_gives_back_size_and_flags(void **state)
{
    (void)state;
    const size_t sizes[] = {MB_FENCE_SIZE, MB_MIN, 48, MA_BINNED_MAX, MB_SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t flags = 0; flags <= MB_FLAGS; flags++) {
            mb_set(row.a, sizes[i], flags);
            assert_block(row.a, sizes[i], flags);
            assert_int_equal(mb_is_used(row.a), (flags & MB_USED) != 0);
            assert_int_equal(mb_prev_is_used(row.a), (flags & MB_PREV_USED) != 0);
            assert_int_equal(mb_is_fence(row.a), sizes[i] == MB_FENCE_SIZE);
        }
    }
}

/* The multiplier of the seal sees to that: no chance is involved. */
static void I6_any_one_flipped_bit_of_a_header_is_noticed(void **state)
{
    (void)state;
    const size_t sizes[] = {MB_MIN, 4096, 65552, (size_t)1 << 40, MB_SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        mb_set(row.a, sizes[i], MB_USED);
        for (unsigned bit = 0; bit < 64; bit++) {
            row.a->head ^= (size_t)1 << bit;
            assert_false(mb_is_sealed(row.a));
            row.a->head ^= (size_t)1 << bit;
        }
        assert_true(mb_is_sealed(row.a));
    }
}

static void I6_a_header_copied_to_another_place_is_noticed(void **state)
{
    (void)state;
    for (size_t distance = MA_ALIGNMENT; distance < ROOM; distance *= 2) {
        struct mem_block *copy = mb_at(row.a, distance);
        copy->head = row.a->head;
        assert_false(mb_is_sealed(copy));
    }
}

static void I6_a_header_of_another_process_is_noticed(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        mb_key ^= UINT64_C(1) << bit;
        assert_false(mb_is_sealed(row.a));
        mb_key ^= UINT64_C(1) << bit;
    }
}

/* One in 65,536 passes: 16 of these are expected, 100 would be a broken hash. */
static void I6_random_words_are_hardly_ever_headers(void **state)
{
    (void)state;
    uint64_t word = 1;
    int passed = 0;
    for (int i = 0; i < 1 << 20; i++) {
        word = word * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        row.a->head = word;
        passed += mb_is_sealed(row.a);
    }
    assert_true(passed < 100);
}

static void I6_zeroed_memory_is_no_header(void **state)
{
    (void)state;
    for (size_t offset = 0; offset < ROOM; offset += 1024) {
        struct mem_block *b = mb_at(row.a, offset);
        b->head = 0;
        assert_false(mb_is_sealed(b));
    }
}

static void neighbours_are_found_in_both_directions(void **state)
{
    (void)state;
    assert_ptr_equal(mb_next(row.a), row.b);
    assert_ptr_equal(mb_next(row.b), row.c);
    assert_ptr_equal(mb_next(row.c), row.fence);
    row.b->prev_size = 128;
    assert_ptr_equal(mb_prev(row.b), row.a);
}

static void I1_payloads_are_aligned_and_lead_back_to_their_block(void **state)
{
    (void)state;
    for (const struct mem_block *b = row.a; !mb_is_fence(b); b = mb_next(b)) {
        char *payload = mb_payload(b);
        assert_int_equal((uintptr_t)payload % MA_ALIGNMENT, 0);
        assert_ptr_equal(mb_of_payload(payload), b);
        /* The payload ends where the next block's own word begins. */
        assert_ptr_equal(payload + mb_usable(b), &mb_next(b)->head);
    }
}

/* Brute force: the least multiple of 16, 32 or more, that holds size and overhead. */
static void I1_a_request_gets_the_least_block_that_holds_it(void **state)
{
    (void)state;
    for (size_t size = 0; size < 5000; size++) {
        size_t expected = 32;
        while (expected - 8 < size) {
            expected += 16;
        }
        assert_int_equal(mb_size_for(size), expected);
    }
    assert_true(mb_size_for(PTRDIFF_MAX) > PTRDIFF_MAX); /* no wrap */
}

static void I3_marking_free_tells_the_next_block(void **state)
{
    (void)state;
    mb_mark_free(row.b);
    assert_block(row.a, 128, MB_USED | MB_PREV_USED);
    assert_block(row.b, 256, MB_PREV_USED);
    assert_block(row.c, 512, MB_USED);
    assert_int_equal(row.c->prev_size, 256);
    assert_ptr_equal(mb_prev(row.c), row.b);
}

static void I3_marking_used_tells_the_next_block(void **state)
{
    (void)state;
    mb_mark_free(row.a);
    mb_mark_free(row.b);
    mb_mark_used(row.b);
    assert_block(row.b, 256, MB_USED); /* still knows that `a` is free */
    assert_block(row.c, 512, MB_USED | MB_PREV_USED);
    mb_mark_used(row.a);
    assert_block(row.a, 128, MB_USED | MB_PREV_USED);
    assert_block(row.b, 256, MB_USED | MB_PREV_USED);
}

/* The payload runs into the next block's prev_size, which marks must leave alone. */
static void marking_used_leaves_the_payload_alone(void **state)
{
    (void)state;
    mb_mark_free(row.b);
    char before[256];
    memcpy(before, mb_payload(row.b), mb_usable(row.b));
    mb_mark_used(row.b);
    assert_memory_equal(mb_payload(row.b), before, mb_usable(row.b));
}

static void a_new_size_keeps_the_flags(void **state)
{
    (void)state;
    mb_set(row.a, 128, MB_PREV_USED);
    mb_set_size(row.a, 64);
    assert_block(row.a, 64, MB_PREV_USED);
}

static void I3_absorbing_joins_two_free_blocks(void **state)
{
    (void)state;
    mb_mark_free(row.a);
    mb_mark_free(row.b);
    mb_absorb(row.a, row.b);
    assert_block(row.a, 128 + 256, MB_PREV_USED);
    assert_ptr_equal(mb_next(row.a), row.c);
    assert_block(row.c, 512, MB_USED);
    assert_ptr_equal(mb_prev(row.c), row.a);
}

/* Of two used blocks, and of a used one with the free one after it, which has told its successor already. */
static void I3_blocks_become_one_free_block(void **state)
{
    (void)state;
    mb_set_free(row.a, 128 + 256);
    assert_block(row.a, 128 + 256, MB_PREV_USED);
    assert_block(row.c, 512, MB_USED);
    assert_ptr_equal(mb_prev(row.c), row.a);

    lay_out(state);
    mb_mark_free(row.b);
    mb_set_free(row.a, 128 + 256);
    assert_block(row.a, 128 + 256, MB_PREV_USED);
    assert_block(row.c, 512, MB_USED);
    assert_ptr_equal(mb_prev(row.c), row.a);
}

/* So that a second free() of it is told. */
static void an_absorbed_block_leaves_a_header_marked_free(void **state)
{
    (void)state;
    mb_mark_free(row.a);
    mb_mark_free(row.b);
    mb_absorb(row.a, row.b);
    assert_true(mb_is_sealed(row.b));
    assert_false(mb_is_used(row.b));
}

static void splitting_a_used_block_leaves_a_used_rest(void **state)
{
    (void)state;
    mb_mark_free(row.a);
    char last = *((char *)&row.c->head - 1);
    struct mem_block *rest = mb_split(row.b, 96);
    assert_ptr_equal(rest, mb_at(row.b, 96));
    assert_block(row.b, 96, MB_USED); /* `a` is free before it */
    assert_block(rest, 160, MB_USED | MB_PREV_USED);
    assert_block(row.c, 512, MB_USED | MB_PREV_USED);
    assert_int_equal(*((char *)&row.c->head - 1), last); /* the payload's end */
}

static void I3_splitting_a_free_block_leaves_a_free_rest(void **state)
{
    (void)state;
    mb_mark_free(row.b);
    struct mem_block *rest = mb_split(row.b, 96);
    assert_block(row.b, 96, MB_PREV_USED);
    assert_block(rest, 160, 0);
    assert_block(row.c, 512, MB_USED);
    assert_ptr_equal(mb_prev(rest), row.b);
    assert_ptr_equal(mb_prev(row.c), rest);
}

static void a_split_may_leave_the_smallest_block_on_either_side(void **state)
{
    (void)state;
    struct mem_block *rest = mb_split(row.b, 256 - MB_MIN);
    assert_block(rest, MB_MIN, MB_USED | MB_PREV_USED);
    rest = mb_split(row.c, MB_MIN);
    assert_block(row.c, MB_MIN, MB_USED | MB_PREV_USED);
    assert_block(rest, 512 - MB_MIN, MB_USED | MB_PREV_USED);
}

static void absorbing_undoes_a_split(void **state)
{
    (void)state;
    mb_mark_free(row.b);
    mb_absorb(row.b, mb_split(row.b, 64));
    assert_block(row.b, 256, MB_PREV_USED);
    assert_int_equal(row.c->prev_size, 256);
}

static void absorb_a_used_block(void *context)
{
    (void)context;
    mb_mark_free(row.a);
    mb_absorb(row.a, row.b);
}

static void absorb_into_a_used_block(void *context)
{
    (void)context;
    mb_mark_free(row.b);
    mb_absorb(row.a, row.b);
}

static void absorb_a_distant_block(void *context)
{
    (void)context;
    mb_mark_free(row.a);
    mb_mark_free(row.c);
    mb_absorb(row.a, row.c);
}

static void split_off_too_little(void *context)
{
    (void)context;
    mb_split(row.a, 128 - MB_FENCE_SIZE);
}

static void split_to_too_little(void *context)
{
    (void)context;
    mb_split(row.a, MB_FENCE_SIZE);
}

static void debug_builds_refuse_what_would_break_the_chain(void **state)
{
    (void)state;
    if (!is_debug_build) {
        skip();
    }
    assert_aborts(absorb_a_used_block, NULL, "does not hold");
    assert_aborts(absorb_into_a_used_block, NULL, "does not hold");
    assert_aborts(absorb_a_distant_block, NULL, "does not hold");
    assert_aborts(split_off_too_little, NULL, "does not hold");
    assert_aborts(split_to_too_little, NULL, "does not hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_header_gives_back_size_and_flags, lay_out),
        cmocka_unit_test_setup(I6_any_one_flipped_bit_of_a_header_is_noticed, lay_out),
        cmocka_unit_test_setup(I6_a_header_copied_to_another_place_is_noticed, lay_out),
        cmocka_unit_test_setup(I6_a_header_of_another_process_is_noticed, lay_out),
        cmocka_unit_test_setup(I6_random_words_are_hardly_ever_headers, lay_out),
        cmocka_unit_test_setup(I6_zeroed_memory_is_no_header, lay_out),
        cmocka_unit_test_setup(neighbours_are_found_in_both_directions, lay_out),
        cmocka_unit_test_setup(I1_payloads_are_aligned_and_lead_back_to_their_block, lay_out),
        cmocka_unit_test_setup(I1_a_request_gets_the_least_block_that_holds_it, lay_out),
        cmocka_unit_test_setup(I3_marking_free_tells_the_next_block, lay_out),
        cmocka_unit_test_setup(I3_marking_used_tells_the_next_block, lay_out),
        cmocka_unit_test_setup(marking_used_leaves_the_payload_alone, lay_out),
        cmocka_unit_test_setup(a_new_size_keeps_the_flags, lay_out),
        cmocka_unit_test_setup(I3_absorbing_joins_two_free_blocks, lay_out),
        cmocka_unit_test_setup(I3_blocks_become_one_free_block, lay_out),
        cmocka_unit_test_setup(an_absorbed_block_leaves_a_header_marked_free, lay_out),
        cmocka_unit_test_setup(splitting_a_used_block_leaves_a_used_rest, lay_out),
        cmocka_unit_test_setup(I3_splitting_a_free_block_leaves_a_free_rest, lay_out),
        cmocka_unit_test_setup(a_split_may_leave_the_smallest_block_on_either_side, lay_out),
        cmocka_unit_test_setup(absorbing_undoes_a_split, lay_out),
        cmocka_unit_test_setup(debug_builds_refuse_what_would_break_the_chain, lay_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
