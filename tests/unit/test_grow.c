/*
 * How a core takes memory and gives it back, on a system that refuses, limits, moves
 * the break or has none.
 *
 * write() is this program's own: the space reports a change of segments while it
 * holds its lock, so that a call from there is what a signal handler would do.
 */
#include "base/options.h"

#include "support/core_fixture.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static void (*within_write)(void);

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (within_write != NULL) {
        within_write();
        return (ssize_t)size; /* nobody wants to read it */
    }
    return syscall(SYS_write, fd, bytes, size);
}

/* As setup(), on a system that has no break: every segment is mapped. */
static int setup_without_break(void **state)
{
    int result = fixture_setup(state);
    fake_os_set_has_break(false);
    fixture_restart(state);
    return result;
}

/* ---- Taking ---- */

static void the_first_growth_is_the_least_one(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    assert_int_equal(core->heap_bytes, MA_GROW_MIN);
    assert_int_equal(fake_os_taken(), MA_GROW_MIN);
}

static void a_large_request_takes_as_much_as_it_needs_in_granules(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, MIB);
    assert_int_equal(core->heap_bytes, MIB + MA_GRANULE);
    core_alloc(core, MIB);
    assert_int_equal(core->heap_bytes, 2 * MIB + MA_GRANULE);
}

static void a_growing_heap_is_extended_in_steps_that_grow_with_it(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 64 * MIB);
    use_up_tail(core);
    size_t before = core->heap_bytes;
    core_alloc(core, 1);
    assert_int_equal(core->heap_bytes - before, bits_round_up(before / MA_GROW_SHARE, MA_GRANULE));
}

static void a_core_can_set_memory_aside_for_its_first_segment(void **state)
{
    struct ma_core *core = core_of(state);
    assert_true(core_reserve(core));
    assert_int_equal(core->heap_bytes, 0);
    fake_os_refuse_from(0);
    assert_non_null(core_alloc(core, 1000));
    assert_int_equal(core->heap_bytes, MA_GROW_MIN);
    assert_null(core_alloc(core, MA_GROW_MIN));
    assert_false(core_reserve(second_core_of(state)));
}

static int count_bytes(const struct ma_block *block, void *context)
{
    *(size_t *)context += block->size;
    return 0;
}

static void memory_set_aside_is_free_memory(void **state)
{
    struct ma_core *core = core_of(state);
    core_reserve(core);
    struct ma_stats stats = {0};
    core_add_stats(core, &stats);
    assert_int_equal(stats.free_bytes, MA_GROW_MIN);
    assert_int_equal(stats.blank_bytes, MA_GROW_MIN);
    size_t walked = 0;
    core_walk(core, count_bytes, &walked);
    assert_int_equal(walked, MA_GROW_MIN);
}

static void I2_an_extension_merges_with_the_free_tail(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    char *tail = mb_payload(tail_of(core));
    assert_ptr_equal(core_alloc(core, 300 * KIB), tail);
    assert_int_equal(segment_count_of(core), 1);
    assert_int_equal(core_check(core), 0);
}

static void an_extension_behind_a_used_block_begins_at_the_old_fence(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    use_up_tail(core);
    char *old_fence = (char *)segment_fence(core->growing);
    assert_int_equal(core_check(core), 0);
    assert_ptr_equal(core_alloc(core, 100), old_fence + MB_HEADER);
    assert_int_equal(segment_count_of(core), 1);
}

/* The limit leaves room for the request, but not for a whole step. */
static void an_extension_under_a_limit_makes_do_with_what_is_needed(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    use_up_tail(core);
    fake_os_limit_break(MA_GROW_MIN + MA_GRANULE);
    assert_non_null(core_alloc(core, 1000));
    assert_int_equal(core->heap_bytes, MA_GROW_MIN + MA_GRANULE);
    assert_int_equal(segment_count_of(core), 1);
}

static void a_new_segment_under_a_limit_makes_do_with_what_is_needed(void **state)
{
    struct ma_core *core = core_of(state);
    fake_os_limit_range(MA_GRANULE);
    fixture_restart(state);
    assert_non_null(core_alloc(core, 1000));
    assert_int_equal(core->heap_bytes, MA_GRANULE);
    assert_null(core_alloc(core, MA_GRANULE));
    assert_non_null(core_alloc(core, 1000));
}

static void a_request_that_no_memory_can_hold_is_NULL(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, 100);
    size_t heap_bytes = core->heap_bytes;
    const size_t sizes[] = {PTRDIFF_MAX,       PTRDIFF_MAX - 100,    MB_SIZE_MAX,
                            MB_SIZE_MAX - 100, MB_SIZE_MAX - 100000, (size_t)1 << 47,
                            FAKE_OS_BYTES};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_null(core_alloc(core, sizes[i]));
        assert_null(core_alloc_zeroed(core, sizes[i]));
        assert_null(core_realloc(core, payload, sizes[i]));
        for (size_t alignment = 32; alignment <= PTRDIFF_MAX; alignment *= 2) {
            assert_null(core_alloc_aligned(core, alignment, sizes[i]));
        }
    }
    assert_null(core_alloc_aligned(core, (size_t)1 << 62, 1));
    assert_int_equal(core->heap_bytes, heap_bytes);
}

/* ---- Where the break is not ours alone ---- */

static void after_a_foreign_move_of_the_break_a_new_segment_is_begun(void **state)
{
    struct ma_core *core = core_of(state);
    char *before = core_alloc(core, 1000);
    payload_fill(before, 1000, 1);
    fake_os_foreign_break(100);

    char *after = core_alloc(core, 300 * KIB);

    payload_fill(after, 300 * KIB, 2);
    assert_int_equal(segment_count_of(core), 2);
    assert_false(core->growing->is_mapped);
    assert_true(after > before);
    assert_true(payload_holds(before, 1000, 1000, 1));
}

static void free_memory_below_a_foreign_move_is_still_used(void **state)
{
    struct ma_core *core = core_of(state);
    char *before = core_alloc(core, 1000);
    fake_os_foreign_break(100);
    core_alloc(core, 300 * KIB);
    size_t heap_bytes = core->heap_bytes;
    assert_true((char *)core_alloc(core, 100 * KIB) < before + MA_GROW_MIN);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

/* Neither kept as "the" top nor trimmed: others stand above it. */
static void the_end_of_an_older_segment_is_not_trimmed(void **state)
{
    struct ma_core *core = core_of(state);
    void *old = core_alloc(core, MIB);
    fake_os_foreign_break(100);
    core_alloc(core, 2 * MIB);
    size_t heap_bytes = core->heap_bytes;
    core_free(core, old);
    assert_int_equal(core->heap_bytes, heap_bytes);
    assert_int_equal(figures_of(core).largest_free, heap_bytes - 2 * MIB - MA_GRANULE -
                                                        bits_round_up(sizeof(struct segment), 16) -
                                                        MB_FENCE_SIZE);
}

static void freeing_the_end_of_an_older_segment_does_not_trim_the_newest(void **state)
{
    struct ma_core *core = core_of(state);
    void *old = core_alloc(core, MIB);
    fake_os_foreign_break(100);
    core_alloc(core, MIB);
    core_free(core, core_alloc(core, 240 * KIB)); /* leaves a tail just too small to trim */
    size_t heap_bytes = core->heap_bytes;
    core_free(core, old);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void where_the_break_is_refused_memory_is_mapped(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    fake_os_limit_break(MA_GROW_MIN);
    void *payload = core_alloc(core, MIB);
    assert_true(space_segment_of(payload)->is_mapped);
    assert_int_equal(segment_count_of(core), 2);
    assert_int_equal(fake_os_break_offset(), MA_GROW_MIN);
}

static void a_mapped_segment_is_extended_in_place(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, MIB);
    char *end = core->growing->end;
    assert_true(core->growing->is_mapped);
    core_alloc(core, MIB);
    assert_int_equal(segment_count_of(core), 1);
    assert_true(core->growing->end > end);
}

static void a_mapped_segment_with_something_behind_it_is_followed_by_another(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, MIB);
    fake_os_occupy((size_t)(core->growing->end - fake_os_base()), 1);
    assert_non_null(core_alloc(core, MIB));
    assert_int_equal(segment_count_of(core), 2);
}

/* ---- Giving back ---- */

static void a_large_free_top_is_given_back_but_for_a_part(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    core_free(core, core_alloc(core, 4 * MIB));
    core_age_top(core);
    size_t kept = mb_size(tail_of(core));
    assert_in_range(kept, MA_TRIM_MIN / 2, MA_TRIM_MIN / 2 + MA_GRANULE);
    assert_int_equal(fake_os_taken(), core->heap_bytes);
    assert_true(core->heap_bytes < MIB);
}

static void a_small_free_top_is_kept(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, 120 * KIB);
    size_t heap_bytes = core->heap_bytes;
    core_free(core, payload);
    assert_int_equal(core->heap_bytes, heap_bytes);
}

/* A program that breathes does not fault its memory in anew each time. */
static void a_top_that_is_needed_again_is_kept(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    for (int i = 0; i < 10; i++) {
        void *payload = core_alloc(core, 4 * MIB);
        size_t heap_bytes = core->heap_bytes;
        fake_os_sleep(MA_TRIM_AGE);
        core_free(core, payload);
        assert_int_equal(core->heap_bytes, heap_bytes);
    }
}

static void a_top_of_no_age_is_kept_as_far_as_it_is_no_more_than_what_lives(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 10 * MIB);
    core_free(core, core_alloc(core, 40 * MIB));
    assert_true(core->heap_bytes > 50 * MIB);
    core_free(core, core_alloc(core, 100 * MIB));
    assert_in_range(mb_size(tail_of(core)), 10 * MIB, 10 * MIB + MA_TRIM_HOLD + MIB);
}

enum { STOREYS = 16 };

/* Build 128 MiB. */
static void build(struct ma_core *core, void *payloads[STOREYS])
{
    for (int i = 0; i < STOREYS; i++) {
        payloads[i] = core_alloc(core, 8 * MIB);
    }
}

/* Build them and drop them. Returns what of them the heap has kept. */
static size_t kept_of_a_building(struct ma_core *core)
{
    void *payloads[STOREYS];
    build(core, payloads);
    for (int i = 0; i < STOREYS; i++) {
        core_free(core, payloads[i]);
    }
    return core->heap_bytes;
}

static void what_was_given_back_at_once_and_needed_again_is_kept_the_next_time(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    assert_in_range(kept_of_a_building(core), MA_TRIM_HOLD, MA_TRIM_HOLD + MIB);
    assert_true(kept_of_a_building(core) >= 128 * MIB);
    assert_true(kept_of_a_building(core) >= 128 * MIB);
    core_age_top(core);
    core_age_top(core);
    assert_in_range(core->heap_bytes, 0, MIB);
    fake_os_sleep(MA_TRIM_REGRET);
    assert_in_range(kept_of_a_building(core), MA_TRIM_HOLD, MA_TRIM_HOLD + MIB);
}

/* The same of a building that stands for `milliseconds`, and is dropped from its end, so that the top grows step by step. */
static size_t kept_of_a_stack(struct ma_core *core, uint64_t milliseconds)
{
    void *payloads[STOREYS];
    build(core, payloads);
    fake_os_sleep(milliseconds);
    for (int i = STOREYS; i-- > 0;) {
        core_free(core, payloads[i]);
    }
    return core->heap_bytes;
}

static void what_went_step_by_step_is_kept_the_next_time(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    assert_in_range(kept_of_a_stack(core, 0), MA_TRIM_HOLD, MA_TRIM_HOLD + 9 * MIB);
    assert_true(kept_of_a_stack(core, 0) >= 128 * MIB);
    core_age_top(core);
    core_age_top(core);
    assert_in_range(core->heap_bytes, 0, MIB);
}

/* As the first blocks go, little of what was needed is free. */
static void what_is_needed_in_steps_that_take_long_is_kept(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    kept_of_a_stack(core, 2 * MA_TRIM_AGE);
    for (int i = 0; i < 5; i++) {
        assert_true(kept_of_a_stack(core, 2 * MA_TRIM_AGE) >= 128 * MIB);
    }
}

static void what_was_given_back_and_needed_much_later_is_not(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    for (int i = 0; i < 3; i++) {
        assert_in_range(kept_of_a_building(core), MA_TRIM_HOLD, MA_TRIM_HOLD + MIB);
        fake_os_sleep(MA_TRIM_REGRET);
    }
}

/* 3 MiB are little beside 32, and much beside 16. */
static void what_a_large_heap_keeps_is_a_share_of_it(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 16 * MIB);
    void *middle = core_alloc(core, 16 * MIB);
    void *top = core_alloc(core, 3 * MIB);
    size_t heap_bytes = core->heap_bytes;
    core_free(core, top);
    core_age_top(core);
    assert_int_equal(core->heap_bytes, heap_bytes);
    core_free(core, middle);
    core_age_top(core);
    assert_in_range(mb_size(tail_of(core)), MIB, MIB + MA_GRANULE);
    assert_int_equal(fake_os_taken(), core->heap_bytes);
}

static void a_trim_gives_back_all_but_the_pad(void **state)
{
    struct ma_core *core = core_of(state);
    const size_t pads[] = {600 * KIB, 100 * KIB, 0};
    core_alloc(core, MIB);
    void *top = core_alloc(core, MIB);
    fake_os_refuse_shrink(true); /* the free itself trims otherwise */
    core_free(core, top);
    fake_os_refuse_shrink(false);
    for (size_t i = 0; i < COUNT_OF(pads); i++) {
        assert_true(core_trim(core, pads[i]));
        assert_in_range(mb_size(tail_of(core)), pads[i], pads[i] + MA_GRANULE + MB_MIN);
        assert_int_equal(core_check(core), 0);
        assert_int_equal(fake_os_taken(), core->heap_bytes);
        assert_false(core_trim(core, pads[i]));
    }
}

static void a_trim_with_nothing_to_give_says_so(void **state)
{
    struct ma_core *core = core_of(state);
    assert_false(core_trim(core, 0)); /* no segment */
    core_alloc(core, 1);
    use_up_tail(core);
    assert_false(core_trim(core, 0)); /* no free tail */
}

/* A sum with such a pad wraps. */
static void I1_a_trim_with_a_pad_beyond_all_bounds_gives_nothing_back(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, 100 * KIB));
    size_t heap_bytes = core->heap_bytes;
    const size_t pads[] = {SIZE_MAX,       SIZE_MAX - 15,    SIZE_MAX - 16, SIZE_MAX - 60000,
                           (size_t)-65536, SIZE_MAX - 70000, PTRDIFF_MAX,   200 * KIB};
    for (size_t i = 0; i < COUNT_OF(pads); i++) {
        assert_false(core_trim(core, pads[i]));
        assert_int_equal(core->heap_bytes, heap_bytes);
        assert_int_equal(core_check(core), 0);
    }
}

static void a_top_that_the_break_does_not_let_go_is_purged(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, MIB);
    memset(payload, 0xee, MIB);
    size_t heap_bytes = core->heap_bytes;
    fake_os_refuse_shrink(true);
    core_free(core, payload);
    assert_true(core_trim(core, 0));
    assert_false(core_trim(core, 0));
    assert_int_equal(core->heap_bytes, heap_bytes);
    assert_in_range(fake_os_purged(), MIB - 2 * MA_PAGE, MIB);
    assert_int_equal(core_check(core), 0);
    assert_ptr_equal(core_alloc_zeroed(core, MIB), payload);
    assert_true(payload_is_zero(payload, MIB));
}

static void a_refused_trim_leaves_the_pad(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, MIB);
    fake_os_refuse_shrink(true);
    core_free(core, payload);
    assert_true(core_trim(core, MIB / 2));
    assert_in_range(fake_os_purged(), MIB / 2 - 2 * MA_PAGE, MIB / 2);
}

/* It is the top no more, and would never go back. */
static void the_top_of_an_older_segment_is_purged_as_other_blocks_are(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, MIB));
    size_t before = core->bins->dirty.amount;
    fake_os_foreign_break(100);
    core_alloc(core, 8 * MIB);
    assert_in_range(core->bins->dirty.amount - before, MIB - 2 * MA_PAGE, MIB);
    assert_int_equal(core_check(core), 0);
}

static void a_top_that_is_no_longer_the_break_is_kept(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, MIB);
    size_t heap_bytes = core->heap_bytes;
    fake_os_foreign_break(100);
    core_free(core, payload);
    assert_int_equal(core->heap_bytes, heap_bytes);
    assert_ptr_equal(core_alloc(core, MIB), payload);
}

/* Who frees in it may hold the space's lock. */
/* The break sank by as much as was to be given back, from where another thread had moved it, and rose again: the fence lay
 * in pages that were lost meanwhile. */
static void I5_a_trim_that_loses_a_race_for_the_break_leaves_a_fence(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, MIB));
    size_t before = core->heap_bytes;
    fake_os_race_break(1, 4096);
    core_trim(core, 0);
    assert_int_equal(core->heap_bytes, before);
    assert_int_equal(core_check(core), 0);
    assert_non_null(core_alloc(core, MIB));
}

static void a_core_for_interruptions_gives_nothing_back(void **state)
{
    struct ma_core *core = second_core_of(state);
    void *payload = core_alloc(core, MIB);
    size_t heap_bytes = core->heap_bytes;
    core_free(core, payload);
    assert_false(core_trim(core, 0));
    assert_int_equal(core->heap_bytes, heap_bytes);
}

static void a_mapped_top_is_trimmed(void **state)
{
    struct ma_core *core = core_of(state);
    core_alloc(core, 1);
    core_free(core, core_alloc(core, 4 * MIB));
    core_age_top(core);
    assert_int_equal(segment_count_of(core), 1);
    assert_true(core->heap_bytes < MIB);
    assert_int_equal(fake_os_taken(), core->heap_bytes);
}

static void a_large_mapped_segment_that_is_free_is_dropped(void **state)
{
    struct ma_core *core = core_of(state);
    void *payload = core_alloc(core, MIB);
    core_free(core, payload);
    assert_int_equal(fake_os_taken(), 0);
    assert_int_equal(core->heap_bytes, 0);
    assert_int_equal(segment_count_of(core), 0);
    assert_null(space_segment_of(payload));
    assert_int_equal(core_check(core), 0);
    assert_non_null(core_alloc_zeroed(core, 100)); /* and the core begins anew */
}

static void a_small_mapped_segment_is_kept_while_it_is_the_newest(void **state)
{
    struct ma_core *core = core_of(state);
    core_free(core, core_alloc(core, 1000));
    assert_int_equal(core->heap_bytes, MA_GROW_MIN);
    assert_non_null(tail_of(core));
}

enum { SEGMENTS = 4 };

/* Segments of their own, each with one payload, the newest last. */
static void begin_segments(struct ma_core *core, char **payloads)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        payloads[i] = core_alloc(core, 100 * KIB);
        payload_fill(payloads[i], 100 * KIB, (unsigned)i);
        fake_os_occupy((size_t)(core->growing->end - fake_os_base()), 1);
        assert_int_equal(segment_count_of(core), i + 1);
    }
}

/* Whichever goes first, the others' list stays whole; the teardown sums it up. */
static void free_mapped_segments_are_dropped_in_any_order(void **state)
{
    const size_t orders[][SEGMENTS] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 2, 0, 3}, {3, 0, 2, 1}};
    for (size_t o = 0; o < COUNT_OF(orders); o++) {
        setup_without_break(state);
        struct ma_core *core = core_of(state);
        char *payloads[SEGMENTS];
        begin_segments(core, payloads);
        for (size_t i = 0; i < SEGMENTS; i++) {
            size_t one = orders[o][i];
            bool is_newest = space_segment_of(payloads[one]) == core->growing;
            size_t count = segment_count_of(core);
            assert_true(payload_holds(payloads[one], 100 * KIB, 100 * KIB, (unsigned)one));
            core_free(core, payloads[one]);
            assert_int_equal(segment_count_of(core), is_newest ? count : count - 1);
            assert_int_equal(core_check(core), 0);
        }
    }
}

/* The next older segment then is the one that grows; its end is dirty. */
static void I9_after_the_newest_segment_was_dropped_memory_is_zero(void **state)
{
    struct ma_core *core = core_of(state);
    memset(core_alloc(core, 120 * KIB), 0xff, 120 * KIB);
    char *old_end = core->growing->end;
    fake_os_occupy((size_t)(old_end - fake_os_base()), 1);
    void *large = core_alloc(core, MIB);
    assert_int_equal(segment_count_of(core), 2);
    core_free(core, large);
    assert_int_equal(segment_count_of(core), 1);
    assert_ptr_equal(core->growing->end, old_end);
    assert_int_equal(core_check(core), 0);

    char *zeroed = core_alloc_zeroed(core, 5000);

    assert_true(payload_is_zero(zeroed, 5000));
}

/* A new segment may lie below older ones, where one was dropped. */
static void I9_blocks_above_the_growing_segment_are_not_taken_for_its_own(void **state)
{
    struct ma_core *core = core_of(state);
    char *payloads[SEGMENTS];
    begin_segments(core, payloads);
    core_free(core, payloads[0]);
    char *low = core_alloc_zeroed(core, 60 * KIB);
    assert_true(low < payloads[1]);
    assert_ptr_equal(space_segment_of(low), core->growing);

    char *high = core_alloc(core, 20 * KIB); /* best fit: the rest of an older one */

    assert_true(high > core->growing->end);
    assert_true(payload_is_zero(low, 60 * KIB));
    memset(high, 0xff, 20 * KIB);
    core_free(core, high);
    assert_true(payload_is_zero(core_alloc_zeroed(core, 20 * KIB), 20 * KIB));
}

/* ---- A call that interrupts the space ---- */

static struct ma_core *interrupting_core;
static void *interrupting_result;
static int interruption_count;

static void alloc_within(void)
{
    interruption_count++;
    interrupting_result = core_alloc(interrupting_core, 1000);
}

/* Something large, which may be denied; and then as much as a handler, or its child, may ask for in small blocks. */
static void alloc_much_within(void)
{
    enum { SMALL_COUNT = 55 };
    interruption_count++;
    core_alloc(interrupting_core, 40 * KIB);
    for (int i = 0; i < SMALL_COUNT; i++) {
        interrupting_result = core_alloc(interrupting_core, 1000);
        if (interrupting_result == NULL) {
            return;
        }
    }
}

static void interrupt_next_growth_by(struct ma_core *growing, struct ma_core *interrupting,
                                     void (*within)(void))
{
    interrupting_core = interrupting;
    interruption_count = 0;
    within_write = within;
    options.verbose = 1;
    core_alloc(growing, 300 * KIB);
    options.verbose = 0;
    within_write = NULL;
}

static void interrupt_next_growth(struct ma_core *growing, struct ma_core *interrupting)
{
    interrupt_next_growth_by(growing, interrupting, alloc_within);
}

static void a_call_that_interrupts_the_space_gets_NULL_and_does_not_wait(void **state)
{
    interrupt_next_growth(core_of(state), second_core_of(state));
    assert_int_equal(interruption_count, 1);
    assert_null(interrupting_result);
    assert_non_null(core_alloc(second_core_of(state), 1000));
}

static void a_call_that_interrupts_the_space_is_served_from_what_was_taken_ahead(void **state)
{
    assert_true(core_reserve(second_core_of(state)));
    interrupt_next_growth(core_of(state), second_core_of(state));
    assert_int_equal(interruption_count, 1);
    assert_non_null(interrupting_result);
}

static void interrupting_calls_find_memory_however_much_the_core_had_to_give_before(void **state)
{
    struct ma_core *interrupting = second_core_of(state);
    assert_true(core_reserve(interrupting));
    for (int i = 0; i < 5; i++) {
        core_alloc(interrupting, 1);
        use_up_tail(interrupting);
        core_alloc(core_of(state), 1);
        use_up_tail(core_of(state));
        interrupt_next_growth(core_of(state), interrupting);
        assert_int_equal(interruption_count, 1);
        assert_non_null(interrupting_result);
    }
    assert_int_equal(core_check(interrupting), 0);
}

static void a_large_block_leaves_small_ones_what_was_taken_ahead(void **state)
{
    struct ma_core *interrupting = second_core_of(state);
    assert_true(core_reserve(interrupting));
    interrupt_next_growth_by(core_of(state), interrupting, alloc_much_within);
    assert_int_equal(interruption_count, 1);
    assert_non_null(interrupting_result);
}

/* The space is interrupted twice: the first time what was set aside is used. */
static void a_large_block_leaves_small_ones_the_last_memory(void **state)
{
    struct ma_core *interrupting = second_core_of(state);
    assert_true(core_reserve(interrupting));
    interrupt_next_growth(core_of(state), interrupting);
    core_free(interrupting, interrupting_result);
    interrupt_next_growth_by(core_of(state), interrupting, alloc_much_within);
    assert_int_equal(interruption_count, 1);
    assert_non_null(interrupting_result);
}

static void a_block_that_grows_leaves_interrupting_calls_memory_too(void **state)
{
    struct ma_core *interrupting = second_core_of(state);
    assert_true(core_reserve(interrupting));
    void *block = core_alloc(interrupting, 1);
    use_up_tail(interrupting);
    core_alloc(core_of(state), 1); /* behind which the other's segment cannot grow */
    use_up_tail(core_of(state));
    assert_non_null(core_realloc(interrupting, block, 65000));
    interrupt_next_growth(core_of(state), interrupting);
    assert_int_equal(interruption_count, 1);
    assert_non_null(interrupting_result);
}

static struct mem_block *interrupted_block;

static void give_back_within(void)
{
    interruption_count++;
    core_enter(interrupting_core);
    core_tail_freed_locked(interrupting_core, interrupted_block);
    core_leave(interrupting_core);
}

/* A free segment would be dropped, if the space could be entered. */
static void I4_a_segment_that_cannot_be_dropped_stays_filed(void **state)
{
    struct ma_core *core = second_core_of(state); /* drops nothing by itself */
    core_free(core, core_alloc(core, MIB));
    interrupting_core = core;
    interrupted_block = tail_of(core);
    interruption_count = 0;
    within_write = give_back_within;
    options.verbose = 1;
    core_alloc(core_of(state), 1);
    options.verbose = 0;
    within_write = NULL;
    assert_int_equal(interruption_count, 1);
    assert_int_equal(segment_count_of(core), 1);
    assert_int_equal(core_check(core), 0);
    assert_non_null(core_alloc(core, MIB - 8));
    assert_int_equal(segment_count_of(core), 1);
}

/* ---- Memory runs out ---- */

enum { SLOT_COUNT = 8 };

enum kind { ALLOC, ZEROED, ALIGNED, REALLOC, FREE };

struct step {
    enum kind kind;
    size_t slot;
    size_t size;
};

/* Each way to take new memory: the first segment, extensions with and without a free
 * tail, a realloc into the top, a copy; and releases that trim. */
static const struct step script[] = {
    {ALLOC, 0, 24},
    {ZEROED, 1, 100 * KIB},
    {ALIGNED, 2, 3000},
    {ALLOC, 3, 200 * KIB},
    {REALLOC, 3, 500 * KIB},
    {ZEROED, 4, 150 * KIB},
    {REALLOC, 1, 300 * KIB},
    {FREE, 3, 0},
    {ALIGNED, 3, 400 * KIB},
    {ALLOC, 5, MIB},
    {REALLOC, 5, 2 * MIB},
    {REALLOC, 0, 128 * KIB},
    {FREE, 5, 0},
    {ZEROED, 5, MIB},
    {ALIGNED, 6, 64},
    {REALLOC, 5, 40 * KIB},
    {ALLOC, 7, 700 * KIB},
    {REALLOC, 2, 900 * KIB},
};

struct slot {
    char *payload;
    size_t size;
};

static struct slot slots[SLOT_COUNT];

static char *request(struct ma_core *core, const struct step *step)
{
    switch (step->kind) {
    case ZEROED:
        return core_alloc_zeroed(core, step->size);
    case ALIGNED:
        return core_alloc_aligned(core, 8 * KIB, step->size);
    case REALLOC:
        return core_realloc(core, slots[step->slot].payload, step->size);
    default:
        return core_alloc(core, step->size);
    }
}

static bool slot_holds(size_t i, const char *payload, size_t size)
{
    return payload_holds(payload, slots[i].size, size, (unsigned)i);
}

static void release_slot(struct ma_core *core, size_t i)
{
    if (slots[i].payload != NULL) {
        assert_true(slot_holds(i, slots[i].payload, slots[i].size));
        core_free(core, slots[i].payload);
        slots[i] = (struct slot){NULL, 0};
    }
}

/* @return false when memory was out. */
static bool carry_out(struct ma_core *core, struct step step)
{
    struct slot *slot = &slots[step.slot];
    if (step.kind == REALLOC && slot->payload == NULL) {
        step.kind = ALLOC; /* what it would resize was refused */
    }
    if (step.kind != REALLOC) {
        release_slot(core, step.slot);
    }
    if (step.kind == FREE) {
        return true;
    }
    char *payload = request(core, &step);
    if (payload == NULL) {
        assert_true(slot_holds(step.slot, slot->payload, slot->size));
        return false;
    }
    assert_true(step.kind != ZEROED || payload_is_zero(payload, step.size));
    assert_true(step.kind != REALLOC || slot_holds(step.slot, payload, step.size));
    assert_true(step.kind != ALIGNED || (uintptr_t)payload % (8 * KIB) == 0);
    *slot = (struct slot){payload, step.size};
    payload_fill(payload, step.size, (unsigned)step.slot);
    return true;
}

/* Run the script, checking the heap after each step from the `count`-th request for
 * memory on; gives the number of steps that failed. */
static size_t run_script(struct ma_core *core, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < COUNT_OF(script); i++) {
        failed += !carry_out(core, script[i]);
        if (fake_os_requests() > count) {
            assert_int_equal(core_check(core), 0);
        }
    }
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        assert_true(slot_holds(i, slots[i].payload, slots[i].size));
    }
    return failed;
}

static void assert_nothing_is_lost(struct ma_core *core)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        release_slot(core, i);
    }
    struct ma_stats stats = figures_of(core);
    assert_int_equal(stats.live_count, 0);
    assert_int_equal(stats.live_bytes, 0);
    assert_int_equal(stats.free_count, stats.segment_count); /* one free block in each */
    assert_int_equal(core_check(core), 0);
}

/* The script with `refuse(k)` in force, then without, for every k that it comes to.
 * @return the runs in which something failed. */
static size_t run_with_every_refusal(void **state, void (*refuse)(size_t),
                                     int (*begin)(void **state))
{
    size_t failed_runs = 0;
    size_t request_count = 1;
    for (size_t k = 0; k < request_count; k++) {
        memset(slots, 0, sizeof(slots));
        begin(state);
        struct ma_core *core = core_of(state);
        size_t started = fake_os_requests();
        refuse(k);
        failed_runs += run_script(core, started + k) > 0;
        size_t made = fake_os_requests() - started;
        request_count = made > request_count ? made : request_count;
        refuse(SIZE_MAX);
        assert_int_equal(run_script(core, SIZE_MAX), 0);
        assert_nothing_is_lost(core);
    }
    assert_true(request_count > 5);
    return failed_runs;
}

static void refuse_one(size_t k)
{
    if (k == SIZE_MAX) {
        fake_os_refuse_from(k);
    } else {
        fake_os_refuse_one(k);
    }
}

static void when_all_from_any_request_on_is_refused_the_heap_stays_sound(void **state)
{
    size_t failed_runs = run_with_every_refusal(state, fake_os_refuse_from, fixture_setup);
    assert_true(failed_runs > 0);
}

static void when_any_one_request_is_refused_the_heap_stays_sound(void **state)
{
    run_with_every_refusal(state, refuse_one, fixture_setup);
}

static void when_all_from_any_mapping_on_is_refused_the_heap_stays_sound(void **state)
{
    size_t failed_runs = run_with_every_refusal(state, fake_os_refuse_from, setup_without_break);
    assert_true(failed_runs > 0);
}

static void when_any_one_mapping_is_refused_the_heap_stays_sound(void **state)
{
    run_with_every_refusal(state, refuse_one, setup_without_break);
}

static void a_limit_is_used_up_to_the_last_granule_and_freed_memory_serves_again(void **state)
{
    struct ma_core *core = core_of(state);
    static char *held[4096];
    size_t count = 0;
    fake_os_limit_range(4 * MIB);
    fixture_restart(state);
    for (; (held[count] = core_alloc(core, 2000)) != NULL; count++) {
        assert_true(count < COUNT_OF(held) - 1);
    }
    assert_int_equal(core->heap_bytes, 4 * MIB);
    assert_true(count >= 4 * MIB / 2016 - 2);
    core_free(core, held[count / 2]);
    assert_ptr_equal(core_alloc(core, 2000), held[count / 2]);
    assert_null(core_alloc(core, 2000));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
#define TEST_MAPPED(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, setup_without_break, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_growth_is_the_least_one),
        TEST(a_large_request_takes_as_much_as_it_needs_in_granules),
        TEST(a_growing_heap_is_extended_in_steps_that_grow_with_it),
        TEST(a_core_can_set_memory_aside_for_its_first_segment),
        TEST(memory_set_aside_is_free_memory),
        TEST(I2_an_extension_merges_with_the_free_tail),
        TEST(an_extension_behind_a_used_block_begins_at_the_old_fence),
        TEST(an_extension_under_a_limit_makes_do_with_what_is_needed),
        TEST(a_new_segment_under_a_limit_makes_do_with_what_is_needed),
        TEST(a_request_that_no_memory_can_hold_is_NULL),
        TEST(after_a_foreign_move_of_the_break_a_new_segment_is_begun),
        TEST(free_memory_below_a_foreign_move_is_still_used),
        TEST(the_end_of_an_older_segment_is_not_trimmed),
        TEST(freeing_the_end_of_an_older_segment_does_not_trim_the_newest),
        TEST(where_the_break_is_refused_memory_is_mapped),
        TEST_MAPPED(a_mapped_segment_is_extended_in_place),
        TEST_MAPPED(a_mapped_segment_with_something_behind_it_is_followed_by_another),
        TEST(a_large_free_top_is_given_back_but_for_a_part),
        TEST(a_small_free_top_is_kept),
        TEST(a_top_that_is_needed_again_is_kept),
        TEST(a_top_of_no_age_is_kept_as_far_as_it_is_no_more_than_what_lives),
        TEST(what_was_given_back_at_once_and_needed_again_is_kept_the_next_time),
        TEST(what_went_step_by_step_is_kept_the_next_time),
        TEST(what_is_needed_in_steps_that_take_long_is_kept),
        TEST(what_was_given_back_and_needed_much_later_is_not),
        TEST(what_a_large_heap_keeps_is_a_share_of_it),
        TEST(a_trim_gives_back_all_but_the_pad),
        TEST(a_trim_with_nothing_to_give_says_so),
        TEST(I1_a_trim_with_a_pad_beyond_all_bounds_gives_nothing_back),
        TEST(a_top_that_the_break_does_not_let_go_is_purged),
        TEST(a_refused_trim_leaves_the_pad),
        TEST(the_top_of_an_older_segment_is_purged_as_other_blocks_are),
        TEST(a_top_that_is_no_longer_the_break_is_kept),
        TEST(I5_a_trim_that_loses_a_race_for_the_break_leaves_a_fence),
        TEST(a_core_for_interruptions_gives_nothing_back),
        TEST_MAPPED(a_mapped_top_is_trimmed),
        TEST_MAPPED(a_large_mapped_segment_that_is_free_is_dropped),
        TEST_MAPPED(a_small_mapped_segment_is_kept_while_it_is_the_newest),
        TEST_MAPPED(free_mapped_segments_are_dropped_in_any_order),
        TEST_MAPPED(I9_after_the_newest_segment_was_dropped_memory_is_zero),
        TEST_MAPPED(I9_blocks_above_the_growing_segment_are_not_taken_for_its_own),
        TEST(a_call_that_interrupts_the_space_gets_NULL_and_does_not_wait),
        TEST(a_call_that_interrupts_the_space_is_served_from_what_was_taken_ahead),
        TEST(interrupting_calls_find_memory_however_much_the_core_had_to_give_before),
        TEST(a_large_block_leaves_small_ones_what_was_taken_ahead),
        TEST(a_large_block_leaves_small_ones_the_last_memory),
        TEST(a_block_that_grows_leaves_interrupting_calls_memory_too),
        TEST_MAPPED(I4_a_segment_that_cannot_be_dropped_stays_filed),
        TEST(when_all_from_any_request_on_is_refused_the_heap_stays_sound),
        TEST(when_any_one_request_is_refused_the_heap_stays_sound),
        TEST_MAPPED(when_all_from_any_mapping_on_is_refused_the_heap_stays_sound),
        TEST_MAPPED(when_any_one_mapping_is_refused_the_heap_stays_sound),
        TEST(a_limit_is_used_up_to_the_last_granule_and_freed_memory_serves_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
