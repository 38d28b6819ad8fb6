/*
 * Which pages are populated before they are touched, and how many.
 */
#include "base/options.h"
#include "core/populate.h"

#include "support/core_fixture.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static void a_step_is_a_power_of_two_of_pages_or_none(void **state)
{
    (void)state;
    assert_int_equal(populate_step(0), 0);
    assert_int_equal(populate_step(MA_POPULATE_MIN - 1), 0);
    assert_int_equal(populate_step(MA_POPULATE_MIN), MA_POPULATE_MIN);
    assert_int_equal(populate_step(3 * MA_POPULATE_MIN), 2 * MA_POPULATE_MIN);
    assert_int_equal(populate_step(SIZE_MAX), MA_POPULATE_MAX);
}

/* Grow by blocks of `size` bytes, `bytes` in all. Returns how many bytes were populated meanwhile. */
static size_t populated_by(struct ma_core *core, size_t size, size_t bytes)
{
    size_t before = fake_os_populated();
    for (size_t taken = 0; taken < bytes; taken += size) {
        assert_non_null(core_alloc(core, size));
    }
    return fake_os_populated() - before;
}

static void a_large_heap_has_its_next_pages_populated(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    assert_in_range(populated_by(core, KIB, 4 * MIB), 4 * MIB - 2 * MA_POPULATE_MAX,
                    4 * MIB + 2 * MA_POPULATE_MAX);
}

static void a_small_heap_touches_no_page_ahead(void **state)
{
    assert_int_equal(populated_by(core_of(state), KIB, 512 * KIB), 0);
}

static void large_blocks_are_not_populated(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    assert_int_equal(populated_by(core, MIB, 16 * MIB), 0);
}

/* A buffer of some pages may be filled in part only. */
static void blocks_of_several_pages_are_not_populated(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    assert_int_equal(populated_by(core, MA_POPULATE_BLOCK_MAX + KIB, 4 * MIB), 0);
}

/* What is known to have been written to of the top lies below it then. */
static void large_blocks_are_not_populated_with_the_small_one_behind_them(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, 24 * MIB));
    core_alloc(core, 24 * MIB + MIB / 2);
    assert_in_range(populated_by(core, KIB, KIB), 0, 2 * MA_POPULATE_MAX);
}

/* What lies between them serves others, which may never touch what is behind. */
static void aligned_blocks_are_not_populated(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    size_t before = fake_os_populated();
    for (int i = 0; i < 100; i++) {
        assert_non_null(core_alloc_aligned(core, 32 * KIB, KIB));
    }
    assert_int_equal(fake_os_populated(), before);
}

/* Or each large one would be given what the small one before it has had populated. */
static void small_blocks_between_large_ones_are_not_populated(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    size_t before = fake_os_populated();
    for (int i = 0; i < 100; i++) {
        assert_non_null(core_alloc(core, 4 * KIB));
        assert_non_null(core_alloc(core, 64 * KIB));
    }
    assert_int_equal(fake_os_populated(), before);
}

static void pages_are_populated_once(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    void *first = core_alloc(core, KIB);
    populated_by(core, KIB, MIB);
    size_t before = fake_os_populated();
    for (int i = 0; i < 100; i++) {
        core_free(core, first);
        first = core_alloc(core, KIB);
    }
    assert_int_equal(fake_os_populated(), before);
}

static void what_was_given_back_is_populated_anew(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 8 * MIB);
    char *wall = core_alloc(core, KIB);
    populated_by(core, KIB, MIB);
    for (char *payload = (char *)mb_payload(mb_next(mb_of_payload(wall))); payload != NULL;) {
        struct mem_block *next = mb_next(mb_of_payload(payload));
        core_free(core, payload);
        payload =
            next != segment_fence(core->growing) && mb_is_used(next) ? mb_payload(next) : NULL;
    }
    assert_true(core_trim(core, 0));
    assert_in_range(populated_by(core, KIB, MIB), MIB - 2 * MA_POPULATE_MAX,
                    MIB + 2 * MA_POPULATE_MAX);
}

/* What a heap that has grown populates with an option at `value`. */
static size_t populated_with(struct ma_core *core, size_t *option, size_t value)
{
    size_t before = *option;
    *option = value;
    core_alloc(core, 8 * MIB);
    size_t populated = populated_by(core, KIB, MIB);
    *option = before;
    return populated;
}

static void populating_can_be_turned_off(void **state)
{
    assert_int_equal(populated_with(core_of(state), &options.populate, 0), 0);
}

static void nothing_is_populated_where_pages_may_be_guarded(void **state)
{
    assert_int_equal(populated_with(core_of(state), &options.check, 3), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_is_a_power_of_two_of_pages_or_none),
        TEST(a_large_heap_has_its_next_pages_populated),
        TEST(a_small_heap_touches_no_page_ahead),
        TEST(large_blocks_are_not_populated),
        TEST(blocks_of_several_pages_are_not_populated),
        TEST(large_blocks_are_not_populated_with_the_small_one_behind_them),
        TEST(aligned_blocks_are_not_populated),
        TEST(small_blocks_between_large_ones_are_not_populated),
        TEST(pages_are_populated_once),
        TEST(what_was_given_back_is_populated_anew),
        TEST(populating_can_be_turned_off),
        TEST(nothing_is_populated_where_pages_may_be_guarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
