/*
 * Realloc by page tables: what is moved, what is copied, what is left behind.
 */
#include "core/move.h"
#include "core/seams.h"

#include "support/core_fixture.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* A payload of `size` bytes that cannot grow where it is, filled by `seed`. */
static char *make_filled(struct ma_core *core, size_t size, unsigned seed)
{
    char *payload = alloc_walled(core, size);
    payload_fill(payload, size, seed);
    return payload;
}

/* No payload can grow any further where it is, for want of a free tail. */
static void wall_off(struct ma_core *core)
{
    core_trim(core, 0);
    if (tail_of(core) != NULL) {
        use_up_tail(core);
    }
}

/* Bytes in the whole pages of a payload. */
static size_t page_bytes(const char *payload, size_t size)
{
    return (size_t)(bits_align_down((char *)payload + size, MA_PAGE) -
                    bits_align_up((char *)payload, MA_PAGE));
}

static void a_large_payload_is_moved_and_not_copied(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = make_filled(core, MIB, 1);
    size_t pages = page_bytes(payload, core_usable_size(payload, "test"));
    char *grown = core_realloc(core, payload, 2 * MIB);
    assert_ptr_not_equal(grown, payload);
    assert_true(payload_holds(grown, MIB, MIB, 1));
    assert_int_equal(fake_os_moved(), pages);
    assert_int_equal(core_check(core), 0);
}

static void a_small_payload_is_copied(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = make_filled(core, MA_MOVE_MIN / 2, 1);
    char *grown = core_realloc(core, payload, MIB);
    assert_true(payload_holds(grown, MA_MOVE_MIN / 2, MIB, 1));
    assert_int_equal(fake_os_moved(), 0);
}

/* It is neither dirty nor cleared again. */
static void what_a_move_leaves_behind_is_blank(void **state)
{
    struct ma_core *core = core_of(state);
    size_t dirty = core->bins->dirty.amount;
    char *payload = make_filled(core, MIB, 1);
    core_realloc(core, payload, 2 * MIB);
    assert_true(core->bins->dirty.amount <= dirty + MA_PAGE);
    size_t cleared = core->cleared_bytes;
    char *zeroed = core_alloc_zeroed(core, MIB);
    assert_ptr_equal(zeroed, payload);
    assert_true(payload_is_zero(zeroed, MIB));
    assert_true(core->cleared_bytes - cleared <= TREE_BLOCK_MIN);
}

/* Resident pages of the new place would be lost, and those of the old faulted in anew. */
static void into_a_dirty_block_is_copied(void **state)
{
    struct ma_core *core = core_of(state);
    char *hole = make_filled(core, 2 * MIB, 1);
    char *payload = make_filled(core, MIB, 2);
    core_free(core, hole);
    char *grown = core_realloc(core, payload, 2 * MIB - 2 * MA_PAGE);
    assert_in_range((uintptr_t)grown, (uintptr_t)hole, (uintptr_t)hole + MA_PAGE);
    assert_true(payload_holds(grown, MIB, MIB, 2));
    assert_int_equal(fake_os_moved(), 0);
    assert_int_equal(core_check(core), 0);
}

static void where_moves_are_refused_it_is_copied(void **state)
{
    struct ma_core *core = core_of(state);
    fake_os_let_moves(OS_MOVE_REFUSED);
    char *payload = make_filled(core, MIB, 1);
    char *grown = core_realloc(core, payload, 2 * MIB);
    assert_true(payload_holds(grown, MIB, MIB, 1));
    assert_int_equal(core_check(core), 0);
    assert_true(payload_is_zero(core_alloc_zeroed(core, MIB), MIB));
}

/* The place is never used again; the heap does without. */
static void where_the_new_place_is_lost_memory_is_out(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = make_filled(core, MIB, 1);
    fake_os_let_moves(OS_MOVE_LOST);
    assert_null(core_realloc(core, payload, 2 * MIB));
    assert_true(payload_holds(payload, MIB, MIB, 1));
    fake_os_let_moves(OS_MOVED);
    char *grown = core_realloc(core, payload, 2 * MIB);
    assert_true(payload_holds(grown, MIB, MIB, 1));
    core_free(core, grown);
    core_trim(core, 0);
    assert_int_equal(core_check(core), 0);
}

/* Of pages from two mappings each part is moved; the first is back when the second is lost. */
static void what_lies_in_two_mappings_is_moved_in_two(void **state)
{
    struct ma_core *core = core_of(state);
    char *payload = core_realloc(core, make_filled(core, MIB, 1), 2 * MIB);
    size_t moved = fake_os_moved();
    payload_fill(payload, 2 * MIB, 2);
    wall_off(core);
    char *again = core_realloc(core, payload, 3 * MIB);
    assert_ptr_not_equal(again, payload);
    assert_true(payload_holds(again, 2 * MIB, 2 * MIB, 2));
    assert_true(fake_os_moved() - moved >= 2 * MIB - 2 * MA_PAGE);
    assert_int_equal(core_check(core), 0);
}

/* Pieces that are too small on average are copied, which makes them one again. */
static void many_pieces_are_copied(void **state)
{
    enum { TURNS = 200 };
    struct ma_core *core = core_of(state);
    size_t size = MA_MOVE_MIN;
    char *payload = make_filled(core, size, 1);
    for (int i = 0; i < TURNS; i++) {
        payload = core_realloc(core, payload, size + MA_PAGE);
        assert_true(payload_holds(payload, size, size, 1));
        size += MA_PAGE;
        payload_fill(payload, size, 1);
        wall_off(core);
    }
    assert_in_range(fake_os_moved(), size, SIZE_MAX);
    assert_true(fake_os_mappings() <= seams_count() + 1);
}

/* With so many seams as are allowed, all is copied; and they are forgotten with the memory. */
static void seams_are_bounded(void **state)
{
    enum { COUNT = 200 };
    struct ma_core *core = core_of(state);
    char *payloads[COUNT];
    space_map.seam_count += MA_SEAM_MAX - COUNT;
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = core_realloc(core, make_filled(core, MA_MOVE_MIN, 1), 2 * MA_MOVE_MIN);
        wall_off(core);
    }
    assert_in_range(seams_count(), MA_SEAM_MAX - 2, MA_SEAM_MAX);
    assert_in_range(fake_os_mappings(), COUNT / 2, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_true(payload_holds(payloads[i], MA_MOVE_MIN, MA_MOVE_MIN, 1));
    }
    space_map.seam_count -= MA_SEAM_MAX - COUNT;
}

static void seams_go_with_the_memory(void **state)
{
    struct ma_core *core = core_of(state);
    char *grown = core_realloc(core, make_filled(core, MIB, 1), 2 * MIB);
    assert_int_equal(seams_count(), 2);
    core_free(core, grown);
    core_trim(core, 0);
    assert_true(seams_count() <= 1); /* where the moved pages began, next to a used block */
    assert_int_equal(fake_os_mappings(), seams_count() + 1);
}

/* The break grows and sinks as before, and what lies around holds what it held. */
static void many_moves_keep_all_contents(void **state)
{
    enum { SLOTS = 16, STEPS = 3000 };
    struct ma_core *core = core_of(state);
    char *slots[SLOTS] = {NULL};
    size_t sizes[SLOTS] = {0};
    uint64_t random = 11;
    for (int step = 0; step < STEPS; step++) {
        size_t i = random_below(&random, SLOTS);
        size_t size = 1 + random_below(&random, 2 * MIB);
        if (slots[i] != NULL && random_below(&random, 8) == 0) {
            core_free(core, slots[i]);
            slots[i] = NULL;
            sizes[i] = 0;
            continue;
        }
        slots[i] =
            slots[i] == NULL ? core_alloc_zeroed(core, size) : core_realloc(core, slots[i], size);
        assert_true(sizes[i] != 0 ? payload_holds(slots[i], sizes[i], size, (unsigned)i)
                                  : payload_is_zero(slots[i], size));
        payload_fill(slots[i], size, (unsigned)i);
        sizes[i] = size;
        if (step % 64 == 0) {
            assert_int_equal(core_check(core), 0);
        }
    }
    assert_in_range(fake_os_moved(), 4 * MIB, SIZE_MAX);
    assert_true(fake_os_mappings() <= seams_count() + 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_large_payload_is_moved_and_not_copied),
        TEST(a_small_payload_is_copied),
        TEST(what_a_move_leaves_behind_is_blank),
        TEST(into_a_dirty_block_is_copied),
        TEST(where_moves_are_refused_it_is_copied),
        TEST(where_the_new_place_is_lost_memory_is_out),
        TEST(what_lies_in_two_mappings_is_moved_in_two),
        TEST(many_pieces_are_copied),
        TEST(seams_are_bounded),
        TEST(seams_go_with_the_memory),
        TEST(many_moves_keep_all_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
