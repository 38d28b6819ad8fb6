/*
 * The shared address range, on a system that refuses, races, runs out or has no
 * break at all.
 *
 * write() is this program's own: the space reports a change of segments while it
 * holds its lock, so that a call from there is what a signal handler would do.
 */
#include "core/space.h"

#include "base/options.h"
#include "os/os.h"

#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
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
    }
    return syscall(SYS_write, fd, bytes, size);
}

/* The space never looks into a core; any address will do. */
static char a_core;

static struct ma_core *core(void)
{
    return (struct ma_core *)(void *)&a_core;
}

static int fresh_space(void **state)
{
    (void)state;
    within_write = NULL;
    options.verbose = 0;
    fake_os_reset();
    return space_start() ? 0 : -1;
}

static size_t offset_of(const void *address)
{
    return (size_t)((const char *)address - fake_os_base());
}

static struct segment *take(size_t size)
{
    struct segment *segment = space_new_segment(core(), size);
    assert_non_null(segment);
    return segment;
}

static void assert_usage(size_t break_bytes, size_t mmap_bytes, size_t peak_bytes)
{
    struct space_usage usage = space_usage();
    assert_int_equal(usage.break_bytes, break_bytes);
    assert_int_equal(usage.mmap_bytes, mmap_bytes);
    assert_int_equal(usage.peak_bytes, peak_bytes);
}

/* I7 over [start, start + size): every granule, first and last byte, is `owner`'s. */
static void assert_owner(const char *start, size_t size, const struct segment *owner)
{
    for (size_t offset = 0; offset < size; offset += MA_GRANULE) {
        assert_ptr_equal(space_segment_of(start + offset), owner);
        assert_ptr_equal(space_segment_of(start + offset + MA_GRANULE - 1), owner);
    }
}

static void assert_zeroed(const char *start, const char *end)
{
    for (const char *p = start; p < end; p += 64) {
        assert_int_equal(*p, 0);
    }
}

/* Make the space resort to mappings, at once. */
static void stop_break(void)
{
    fake_os_limit_break(fake_os_break_offset());
}

/* ---- start ---- */

static void a_fresh_space_holds_nothing(void **state)
{
    (void)state;
    assert_usage(0, 0, 0);
    assert_int_equal(space_usage().table_bytes, 0);
    assert_int_equal(fake_os_taken(), 0);
    assert_null(space_segment_of(fake_os_base()));
}

static void the_range_begins_at_the_granule_above_the_break(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_foreign_break(100);
    assert_true(space_start());
    struct segment *segment = take(MA_GRANULE);
    assert_int_equal(offset_of(segment), MA_GRANULE);
    assert_owner((char *)segment, MA_GRANULE, segment);
    assert_null(space_segment_of(fake_os_base() + 99));
}

static void start_fails_where_the_limit_leaves_no_granule(void **state)
{
    (void)state;
    const size_t limits[] = {0, 1, 4096, MA_GRANULE - 1};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        fake_os_reset();
        fake_os_limit_range(limits[i]);
        assert_false(space_start());
        assert_null(space_segment_of(fake_os_base()));
        assert_null(space_segment_of(NULL));
    }
}

static void a_limit_of_a_few_granules_is_kept(void **state)
{
    (void)state;
    for (size_t granules = 1; granules <= 5; granules++) {
        fake_os_reset();
        fake_os_limit_range(granules * MA_GRANULE + 1);
        assert_true(space_start());
        assert_null(space_new_segment(core(), (granules + 1) * MA_GRANULE));
        struct segment *segment = take(granules * MA_GRANULE);
        assert_owner((char *)segment, granules * MA_GRANULE, segment);
        assert_false(space_extend(segment, MA_GRANULE));
        assert_null(space_new_segment(core(), MA_GRANULE));
    }
}

/* The table is small against the range, but not under every ulimit -v. */
static void a_table_that_is_refused_is_tried_at_half_the_range(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_refuse_one(0);
    assert_true(space_start());
    assert_int_equal(fake_os_requests(), 2);
    assert_null(space_new_segment(core(), FAKE_OS_BYTES / 2 + MA_GRANULE));
    take(FAKE_OS_BYTES / 2);
}

static void start_fails_where_every_table_is_refused(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_refuse_from(0);
    assert_false(space_start());
    assert_int_equal(fake_os_requests(), 13); /* 256 MiB, halved down to one granule */
}

static void start_fails_where_there_is_neither_break_nor_room(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_set_has_break(false);
    fake_os_limit_range(2 * FAKE_OS_BYTES);
    assert_false(space_start());
}

static void an_unlimited_process_starts_with_the_default_range(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_limit_range(SIZE_MAX);
    assert_true(space_start());
    struct segment *segment = take(MIB);
    assert_owner((char *)segment, MIB, segment);
    assert_null(space_new_segment(core(), MA_RANGE_DEFAULT + MA_GRANULE));
}

static void a_second_start_forgets_the_first(void **state)
{
    struct segment *segment = take(MIB);
    fresh_space(state);
    assert_null(space_segment_of(segment));
    assert_usage(0, 0, 0);
    assert_ptr_equal(take(MIB), segment);
}

/* ---- the break ---- */

static void a_segment_comes_from_the_break_zeroed_and_filled_in(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    assert_int_equal(offset_of(segment), 0);
    assert_int_equal(fake_os_break_offset(), MIB);
    assert_ptr_equal(segment->core, core());
    assert_false(segment->is_mapped);
    assert_null(segment->next);
    assert_null(segment->prev);
    assert_ptr_equal(segment->end, (char *)segment + MIB);
    assert_zeroed((char *)(segment + 1), segment->end);
    assert_usage(MIB, 0, MIB);
}

static void I7_every_granule_of_a_segment_leads_to_it(void **state)
{
    (void)state;
    struct segment *first = take(3 * MA_GRANULE);
    struct segment *second = take(5 * MA_GRANULE);
    assert_owner((char *)first, 3 * MA_GRANULE, first);
    assert_owner((char *)second, 5 * MA_GRANULE, second);
    assert_null(space_segment_of(second->end));
}

static void I7_null_and_foreign_addresses_have_no_segment(void **state)
{
    (void)state;
    const char *base = (const char *)take(MIB);
    assert_null(space_segment_of(NULL));
    assert_null(space_segment_of(&state));
    assert_null(space_segment_of(&a_core));
    assert_null(space_segment_of(base - 1));
    assert_null(space_segment_of(base + MIB));
    assert_null(space_segment_of(base + FAKE_OS_BYTES / 2));
    assert_null(space_segment_of(base + FAKE_OS_BYTES));
    assert_null(space_segment_of(base + ((size_t)1 << 40)));
    assert_null(space_segment_of((const void *)UINTPTR_MAX));
}

static void a_segment_at_the_break_grows_in_place(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    char *old_end = segment->end;
    assert_true(space_extend(segment, 2 * MIB));
    assert_ptr_equal(segment->end, old_end + 2 * MIB);
    assert_zeroed(old_end, segment->end);
    assert_owner((char *)segment, 3 * MIB, segment);
    assert_int_equal(fake_os_break_offset(), 3 * MIB);
    assert_usage(3 * MIB, 0, 3 * MIB);
}

static void a_segment_below_another_ones_break_does_not_grow(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    char *end = segment->end;
    fake_os_foreign_break(4096);
    assert_false(space_extend(segment, MA_GRANULE));
    assert_ptr_equal(segment->end, end);
    assert_int_equal(fake_os_break_offset(), MIB + 4096);
    assert_usage(MIB, 0, MIB);
}

static void growth_beyond_the_range_is_refused_without_asking(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    size_t requests = fake_os_requests();
    assert_false(space_extend(segment, FAKE_OS_BYTES));
    assert_null(space_new_segment(core(), FAKE_OS_BYTES + MA_GRANULE));
    assert_null(space_new_segment(core(), SIZE_MAX / MA_GRANULE * MA_GRANULE));
    assert_int_equal(fake_os_requests(), requests);
    assert_usage(MIB, 0, MIB);
}

static void a_refused_growth_leaves_the_segment_as_it_was(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_refuse_from(0);
    assert_false(space_extend(segment, MIB));
    assert_null(space_new_segment(core(), MIB));
    fake_os_refuse_from(SIZE_MAX);
    assert_ptr_equal(segment->end, (char *)segment + MIB);
    assert_null(space_segment_of(segment->end));
    assert_usage(MIB, 0, MIB);
    assert_true(space_extend(segment, MIB));
}

static void a_new_segment_stands_above_the_break_that_others_moved(void **state)
{
    (void)state;
    struct segment *first = take(MA_GRANULE);
    fake_os_foreign_break(5000);
    struct segment *second = take(MA_GRANULE);
    assert_int_equal(offset_of(second), 2 * MA_GRANULE);
    assert_false(second->is_mapped);
    assert_owner((char *)second, MA_GRANULE, second);
    assert_ptr_equal(space_segment_of(first), first);
    assert_null(space_segment_of(first->end)); /* the others' */
    assert_usage(2 * MA_GRANULE, 0, 2 * MA_GRANULE);
}

/* ---- races for the break ---- */

static void a_race_for_the_break_is_tried_again(void **state)
{
    (void)state;
    fake_os_race_break(1, 4096);
    struct segment *segment = take(MIB);
    assert_false(segment->is_mapped);
    assert_int_equal(offset_of(segment), MA_GRANULE);
    assert_int_equal(fake_os_break_offset(), MA_GRANULE + MIB); /* nothing was left behind */
    assert_usage(MIB, 0, MIB);
}

static void a_race_with_a_refusal_is_tried_again(void **state)
{
    (void)state;
    take(MA_GRANULE);
    fake_os_race_break(1, 4096);
    fake_os_refuse_one(0);
    struct segment *segment = take(MIB);
    assert_false(segment->is_mapped);
    assert_int_equal(offset_of(segment), 2 * MA_GRANULE);
}

static void a_race_that_never_ends_leads_to_a_mapping(void **state)
{
    (void)state;
    fake_os_race_break(1000, 4096);
    struct segment *segment = take(MIB);
    assert_true(segment->is_mapped);
    assert_true(fake_os_break_offset() < MIB); /* only the others' pages */
    assert_true(offset_of(segment) >= fake_os_break_offset());
    assert_usage(0, MIB, MIB);
}

static void a_race_while_growing_leaves_the_break_to_the_others(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_race_break(1, 4096);
    assert_false(space_extend(segment, MIB));
    assert_int_equal(fake_os_break_offset(), MIB + 4096);
    assert_ptr_equal(segment->end, (char *)segment + MIB);
    assert_null(space_segment_of(segment->end));
}

/* The pages cannot be given back then, but they must not be taken for ours either. */
static void a_lost_race_that_cannot_be_undone_is_survived(void **state)
{
    (void)state;
    fake_os_race_break(1, 4096);
    fake_os_refuse_shrink(true);
    struct segment *segment = take(MIB);
    assert_int_equal(fake_os_break_offset(), offset_of(segment->end));
    assert_owner((char *)segment, MIB, segment);
    assert_usage(MIB, 0, MIB);
    for (const char *p = fake_os_base(); p < (char *)segment; p += MA_GRANULE) {
        assert_null(space_segment_of(p));
    }
}

/* ---- mappings ---- */

static void where_the_break_ends_segments_are_mapped_in_the_same_range(void **state)
{
    (void)state;
    struct segment *low = take(MIB);
    stop_break();
    struct segment *first = take(MIB);
    struct segment *second = take(2 * MIB);
    assert_true(first->is_mapped && second->is_mapped);
    assert_ptr_equal(first, low->end); /* close by: the table ends not far above */
    assert_ptr_equal(second, first->end);
    assert_zeroed((char *)(first + 1), first->end);
    assert_owner((char *)low, MIB, low);
    assert_owner((char *)first, MIB, first);
    assert_owner((char *)second, 2 * MIB, second);
    assert_usage(MIB, 3 * MIB, 4 * MIB);
}

static void a_library_in_the_way_of_the_break_leads_to_a_mapping(void **state)
{
    (void)state;
    struct segment *low = take(MIB);
    fake_os_occupy(2 * MIB, 4096);
    assert_false(space_extend(low, 2 * MIB));
    assert_true(take(2 * MIB)->is_mapped);
    assert_true(space_extend(low, MIB)); /* as far as it goes */
}

static void an_occupied_place_is_passed_over(void **state)
{
    (void)state;
    stop_break();
    fake_os_occupy(0, 3 * MIB);
    struct segment *segment = take(MIB);
    assert_true(segment->is_mapped);
    assert_true(offset_of(segment) >= 3 * MIB);
    assert_owner((char *)segment, MIB, segment);
    struct segment *next = take(MIB); /* goes on from there */
    assert_ptr_equal(next, segment->end);
}

static void a_range_full_of_others_gives_nothing(void **state)
{
    (void)state;
    stop_break();
    fake_os_occupy(0, FAKE_OS_BYTES);
    assert_null(space_new_segment(core(), MA_GRANULE));
    assert_usage(0, 0, 0);
}

static void a_refused_mapping_is_not_tried_elsewhere(void **state)
{
    (void)state;
    stop_break();
    take(MA_GRANULE);
    size_t requests = fake_os_requests();
    fake_os_refuse_from(0);
    assert_null(space_new_segment(core(), MA_GRANULE));
    assert_int_equal(fake_os_requests(), requests + 2); /* the break and one mapping */
}

static void an_exhausted_range_gives_nothing_and_keeps_what_there_is(void **state)
{
    (void)state;
    size_t count = 0;
    for (struct segment *s = take(16 * MIB); s != NULL; s = space_new_segment(core(), 16 * MIB)) {
        assert_owner((char *)s, 16 * MIB, s);
        count++;
    }
    assert_int_equal(count, FAKE_OS_BYTES / (16 * MIB));
    assert_usage(FAKE_OS_BYTES, 0, FAKE_OS_BYTES);
}

static void without_a_break_all_segments_are_mapped(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_set_has_break(false);
    assert_true(space_start());
    struct segment *first = take(MIB);
    struct segment *second = take(MIB);
    assert_true(first->is_mapped && second->is_mapped);
    assert_int_equal(offset_of(first), 0); /* the whole range is there for mappings */
    assert_ptr_equal(second, first->end);
    assert_usage(0, 2 * MIB, 2 * MIB);
}

static void a_mapped_segment_grows_in_place(void **state)
{
    (void)state;
    stop_break();
    struct segment *segment = take(MIB);
    char *old_end = segment->end;
    assert_true(space_extend(segment, MIB));
    assert_ptr_equal(segment->end, old_end + MIB);
    assert_zeroed(old_end, segment->end);
    assert_owner((char *)segment, 2 * MIB, segment);
    assert_usage(0, 2 * MIB, 2 * MIB);
}

static void a_mapped_segment_does_not_grow_into_what_is_there(void **state)
{
    (void)state;
    stop_break();
    struct segment *first = take(MIB);
    struct segment *second = take(MIB);
    assert_false(space_extend(first, MA_GRANULE));
    fake_os_refuse_from(0);
    assert_false(space_extend(second, MA_GRANULE));
    assert_owner((char *)first, MIB, first);
    assert_owner((char *)second, MIB, second);
    assert_usage(0, 2 * MIB, 2 * MIB);
}

/* The place after a grown segment is taken: the next one passes over it. */
static void a_new_mapping_passes_over_a_segment_that_has_grown(void **state)
{
    (void)state;
    stop_break();
    struct segment *first = take(MIB);
    assert_true(space_extend(first, MIB));
    struct segment *second = take(MIB);
    assert_true((char *)second >= first->end);
    assert_owner((char *)first, 2 * MIB, first);
    assert_owner((char *)second, MIB, second);
}

/* ---- the descriptor table ---- */

static void without_a_table_no_segment_is_taken(void **state)
{
    (void)state;
    for (size_t refused = 0; refused < 5; refused++) {
        fresh_space(state);
        fake_os_refuse_from(refused);
        struct segment *segment = space_new_segment(core(), MIB);
        /* the three tables and the break must all be had */
        assert_int_equal(segment != NULL, refused >= 4);
        assert_int_equal(fake_os_break_offset(), segment != NULL ? MIB : 0);
    }
}

static void the_heap_has_no_more_than_the_limit(void **state)
{
    (void)state;
    options.limit = 3 * MIB;
    struct segment *segment = space_new_segment(core(), 2 * MIB);
    assert_non_null(segment);
    assert_null(space_new_segment(core(), 2 * MIB));
    assert_false(space_extend(segment, MIB + MA_GRANULE));
    assert_true(space_extend(segment, MIB));
    assert_false(space_extend(segment, MA_GRANULE));
    assert_true(space_shrink(segment, MA_GRANULE));
    assert_true(space_extend(segment, MA_GRANULE));
    options.limit = SIZE_MAX;
}

static void a_refused_table_is_asked_for_again(void **state)
{
    (void)state;
    fake_os_refuse_from(0);
    assert_null(space_new_segment(core(), MIB));
    fake_os_refuse_from(SIZE_MAX);
    assert_int_equal(space_usage().table_bytes, 0);
    take(MIB);
    assert_int_equal(space_usage().table_bytes, 1024 * GRANULE_COST);
}

static void one_refusal_of_the_table_is_survived_by_a_mapping(void **state)
{
    (void)state;
    fake_os_refuse_one(0);
    struct segment *segment = take(MIB);
    assert_true(segment->is_mapped);
    assert_owner((char *)segment, MIB, segment);
}

/* A range that needs several steps: 1024 granules each, 64 MiB. */
static void the_table_grows_in_steps_and_keeps_its_entries(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_limit_range(4096 * MIB);
    assert_true(space_start());
    struct segment *segment = take(MIB);
    assert_int_equal(space_usage().table_bytes, 1024 * GRANULE_COST);
    assert_false(space_extend(segment, 600 * MIB)); /* more than the system has */
    assert_int_equal(space_usage().table_bytes, 10 * 1024 * GRANULE_COST);
    assert_owner((char *)segment, MIB, segment);
    assert_null(space_segment_of((char *)segment + 600 * MIB));
    assert_null(space_segment_of((char *)segment + 2048 * MIB)); /* no descriptor yet */
}

static void a_table_that_cannot_grow_refuses_the_extension(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_limit_range(4096 * MIB);
    assert_true(space_start());
    struct segment *segment = take(MIB);
    fake_os_refuse_one(0);
    assert_false(space_extend(segment, 600 * MIB));
    assert_int_equal(space_usage().table_bytes, 1024 * GRANULE_COST);
    assert_int_equal(fake_os_break_offset(), MIB);
    assert_true(space_extend(segment, MIB));
}

/* ---- a limit that comes later ---- */

static void a_later_limit_gives_back_what_the_tables_reserve_beyond_it(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_limit_range(4096 * MIB);
    assert_true(space_start());
    struct segment *segment = take(MIB);
    fake_os_limit_range(128 * MIB);

    space_fit(os_address_space_limit());

    assert_int_equal(fake_os_unreserved(), (4096 - 128) * MIB / MA_GRANULE * GRANULE_COST);
    assert_owner((char *)segment, MIB, segment);
    assert_true(space_extend(segment, MIB));
    assert_false(space_extend(segment, 128 * MIB)); /* the range ends there now */
    assert_int_equal(fake_os_break_offset(), 2 * MIB);
}

/* What describes memory stays, however low the limit. */
static void a_later_limit_leaves_the_descriptors_that_exist(void **state)
{
    (void)state;
    fake_os_reset();
    fake_os_limit_range(4096 * MIB);
    assert_true(space_start());
    struct segment *segment = take(MIB);
    assert_false(space_extend(segment, 600 * MIB)); /* more than the system has, but the table */
    size_t table_bytes = space_usage().table_bytes;

    space_fit(0);
    space_fit(0);

    assert_int_equal(space_usage().table_bytes, table_bytes);
    assert_int_equal(fake_os_unreserved(), 4096 * MIB / MA_GRANULE * GRANULE_COST - table_bytes);
    assert_owner((char *)segment, MIB, segment);
    assert_true(space_extend(segment, MIB));
}

static void a_later_limit_that_is_no_lower_changes_nothing(void **state)
{
    (void)state;
    space_fit(SIZE_MAX);
    assert_int_equal(fake_os_unreserved(), 0);
    take(MIB);
}

/* ---- giving back ---- */

static void a_segment_at_the_break_shrinks_and_grows_again_zeroed(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    memset(segment->end - MA_GRANULE, 'x', MA_GRANULE);
    assert_true(space_shrink(segment, MIB / 2));
    assert_ptr_equal(segment->end, (char *)segment + MIB / 2);
    assert_int_equal(fake_os_break_offset(), MIB / 2);
    assert_owner((char *)segment, MIB / 2, segment);
    assert_owner(segment->end, MIB / 2, NULL);
    assert_usage(MIB / 2, 0, MIB);
    assert_true(space_extend(segment, MIB / 2));
    assert_zeroed(segment->end - MIB / 2, segment->end);
    assert_usage(MIB, 0, MIB);
}

static void a_segment_below_another_ones_break_does_not_shrink(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_foreign_break(4096);
    assert_false(space_shrink(segment, MA_GRANULE));
    assert_owner((char *)segment, MIB, segment);
    assert_ptr_equal(segment->end, (char *)segment + MIB);
    assert_usage(MIB, 0, MIB);
}

static void a_break_that_does_not_sink_leaves_the_segment_as_it_was(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_refuse_shrink(true);
    assert_false(space_shrink(segment, MA_GRANULE));
    assert_ptr_equal(segment->end, (char *)segment + MIB);
    assert_owner((char *)segment, MIB, segment);
    assert_usage(MIB, 0, MIB);
}

/* Another thread moved the break up after our look: what is cut off is its memory. */
static void a_race_while_shrinking_leaves_the_others_memory_alone(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_race_break(1, (intptr_t)MA_GRANULE);
    bool shrunk = space_shrink(segment, MA_GRANULE);
    assert_false(shrunk);
    assert_int_equal(fake_os_break_offset(), MIB + MA_GRANULE);
    assert_owner((char *)segment, MIB, segment);
}

static void a_race_while_shrinking_that_cannot_be_undone_leaves_a_smaller_segment(void **state)
{
    (void)state;
    struct segment *segment = take(MIB);
    fake_os_race_break(1, 4096);
    fake_os_refuse_from(0);
    assert_true(space_shrink(segment, MA_GRANULE));
    assert_int_equal(fake_os_break_offset(), MIB - MA_GRANULE + 4096);
    assert_owner((char *)segment, MIB - MA_GRANULE, segment);
    assert_owner(segment->end, MA_GRANULE, NULL);
    assert_usage(MIB - MA_GRANULE, 0, MIB);
}

static void I7_a_segment_is_not_mapped_where_another_has_lost_memory(void **state)
{
    (void)state;
    stop_break();
    struct segment *segment = take(MA_GRANULE);
    assert_true(space_extend(segment, MIB));
    char *end = segment->end;
    fake_os_let_moves(OS_MOVE_LOST);
    assert_int_equal(os_move(end - MIB / 2, end - MIB, MIB / 2), OS_MOVE_LOST);
    struct segment *other = take(MA_GRANULE);
    assert_true((char *)other >= end);
    assert_owner((char *)segment, MIB + MA_GRANULE, segment);
}

static void a_mapped_segment_shrinks(void **state)
{
    (void)state;
    stop_break();
    struct segment *segment = take(MIB);
    assert_true(space_shrink(segment, MIB / 4));
    assert_ptr_equal(segment->end, (char *)segment + MIB / 4 * 3);
    assert_owner((char *)segment, MIB / 4 * 3, segment);
    assert_owner(segment->end, MIB / 4, NULL);
    assert_int_equal(fake_os_taken(), MIB / 4 * 3);
    assert_usage(0, MIB / 4 * 3, MIB);
}

static void a_mapped_segment_is_given_back_whole_and_its_place_used_again(void **state)
{
    (void)state;
    stop_break();
    struct segment *first = take(MIB);
    struct segment *second = take(MIB);
    struct segment *third = take(MIB);
    assert_true(space_shrink(first, MIB));
    assert_owner((char *)first, MIB, NULL);
    assert_true(space_shrink(third, MIB)); /* the lower place stays the next to be tried */
    assert_owner((char *)second, MIB, second);
    assert_int_equal(fake_os_taken(), MIB);
    assert_usage(0, MIB, 3 * MIB);
    assert_ptr_equal(take(MIB), first);
}

static void the_peak_is_the_most_of_break_and_mappings_together(void **state)
{
    (void)state;
    struct segment *low = take(4 * MIB);
    stop_break();
    struct segment *high = take(2 * MIB);
    assert_true(space_shrink(low, 3 * MIB));
    assert_true(space_extend(high, MIB));
    assert_usage(MIB, 3 * MIB, 6 * MIB);
    assert_true(space_extend(high, 4 * MIB));
    assert_usage(MIB, 7 * MIB, 8 * MIB);
    assert_int_equal(fake_os_taken(), 8 * MIB);
}

/* ---- what a user may see ---- */

static void take_grow_and_shrink(void *is_mapped)
{
    if (*(bool *)is_mapped) {
        stop_break();
    }
    struct segment *segment = space_new_segment(core(), MIB);
    if (segment != NULL && space_extend(segment, 2 * MIB)) {
        space_shrink(segment, MA_GRANULE);
    }
}

static void verbose_tells_every_change_of_segments(void **state)
{
    (void)state;
    char said[1000];
    bool is_mapped = false;
    options.verbose = 1;
    capture_stderr(take_grow_and_shrink, &is_mapped, said, sizeof(said));
    assert_non_null(strstr(said, "libma: took 1024 KiB at the break: segment 0x"));
    assert_non_null(strstr(said, "\nlibma: grew by 2048 KiB at the break: segment 0x"));
    assert_non_null(strstr(said, "\nlibma: shrank by 64 KiB at the break: segment 0x"));
    is_mapped = true;
    capture_stderr(take_grow_and_shrink, &is_mapped, said, sizeof(said));
    assert_non_null(strstr(said, "libma: took 1024 KiB by mmap: segment 0x"));
}

static void without_verbose_nothing_is_said(void **state)
{
    (void)state;
    char said[1000];
    bool is_mapped = false;
    capture_stderr(take_grow_and_shrink, &is_mapped, said, sizeof(said));
    assert_string_equal(said, "");
    assert_usage(3 * MIB - MA_GRANULE, 0, 3 * MIB); /* but it was done */
}

/* ---- the lock ---- */

/* What the calls answered that were made while the lock was held. */
static struct {
    int calls;
    bool took;
    bool extended;
    bool shrank;
    size_t break_bytes;
    struct segment *segment;
} interruption;

static void use_space_again(void)
{
    interruption.calls++;
    interruption.took = space_new_segment(core(), MIB) != NULL;
    interruption.extended = space_extend(interruption.segment, MIB);
    interruption.shrank = space_shrink(interruption.segment, MIB);
    interruption.break_bytes = space_usage().break_bytes;
}

static void (*interrupting)(void);

static void extend_with_interruption(void *segment)
{
    within_write = interrupting;
    space_extend(segment, MIB);
    within_write = NULL;
}

/* Extend `segment`, and call `function` while the lock is held for that. */
static void interrupt_extension(struct segment *segment, void (*function)(void), char *said,
                                size_t room)
{
    memset(&interruption, 0, sizeof(interruption));
    interruption.segment = segment;
    interrupting = function;
    options.verbose = 1;
    capture_stderr(extend_with_interruption, segment, said, room);
    options.verbose = 0;
}

/* A signal handler that allocates while its thread is in here must not wait for itself. */
static void a_call_from_within_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    char said[1000];
    interrupt_extension(take(2 * MIB), use_space_again, said, sizeof(said));
    assert_int_equal(interruption.calls, 1);
    assert_false(interruption.took);
    assert_false(interruption.extended);
    assert_false(interruption.shrank);
    assert_int_equal(interruption.break_bytes, 3 * MIB);
    assert_usage(3 * MIB, 0, 3 * MIB);
}

static void lend_and_take_back(void)
{
    interruption.calls++;
    space_lend();
    space_take_back();
    use_space_again(); /* the lock is held as before: all refused */
}

/* fork() in a signal handler that came in here. */
static void lending_from_within_leaves_the_lock_held(void **state)
{
    (void)state;
    char said[1000];
    struct segment *segment = take(2 * MIB);
    interrupt_extension(segment, lend_and_take_back, said, sizeof(said));
    assert_int_equal(interruption.calls, 2);
    assert_false(interruption.took);
    assert_usage(3 * MIB, 0, 3 * MIB);
    assert_true(space_extend(segment, MIB)); /* and it was released in the end */
}

static bool other_is_done;

static void *take_in_another_thread(void *context)
{
    (void)context;
    struct segment *segment = space_new_segment(core(), MIB);
    __atomic_store_n(&other_is_done, true, __ATOMIC_RELEASE);
    return segment;
}

/* For fork(): the handlers of other libraries may allocate, other threads must wait. */
static void a_lent_space_serves_its_holder_and_keeps_others_out(void **state)
{
    (void)state;
    pthread_t other;
    void *taken_by_other = NULL;
    other_is_done = false;
    space_lend();
    assert_int_equal(pthread_create(&other, NULL, take_in_another_thread, NULL), 0);
    struct segment *segment = space_new_segment(core(), MIB);
    bool extended = segment != NULL && space_extend(segment, MIB);
    usleep(20000);
    bool was_done = __atomic_load_n(&other_is_done, __ATOMIC_ACQUIRE);
    space_take_back();
    assert_int_equal(pthread_join(other, &taken_by_other), 0);
    assert_true(extended);
    assert_false(was_done);
    assert_non_null(taken_by_other);
    assert_usage(3 * MIB, 0, 3 * MIB);
}

enum { THREADS = 4, TURNS = 100 };

static void *take_many(void *context)
{
    (void)context;
    for (int i = 0; i < TURNS; i++) {
        if (space_new_segment(core(), MA_GRANULE) == NULL) {
            return NULL;
        }
    }
    return &a_core;
}

static void threads_that_take_at_a_time_get_segments_of_their_own(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    void *results[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &results[i]), 0);
    }
    size_t total = THREADS * TURNS * MA_GRANULE;
    for (size_t i = 0; i < THREADS; i++) {
        assert_non_null(results[i]);
    }
    assert_usage(total, 0, total);
    for (char *p = fake_os_base(); p < fake_os_base() + total; p += MA_GRANULE) {
        assert_ptr_equal(space_segment_of(p), p);
    }
}

#define space_test(function) cmocka_unit_test_setup(function, fresh_space)

int main(void)
{
    const struct CMUnitTest tests[] = {
        space_test(a_fresh_space_holds_nothing),
        space_test(the_heap_has_no_more_than_the_limit),
        space_test(the_range_begins_at_the_granule_above_the_break),
        space_test(start_fails_where_the_limit_leaves_no_granule),
        space_test(a_limit_of_a_few_granules_is_kept),
        space_test(a_table_that_is_refused_is_tried_at_half_the_range),
        space_test(start_fails_where_every_table_is_refused),
        space_test(start_fails_where_there_is_neither_break_nor_room),
        space_test(an_unlimited_process_starts_with_the_default_range),
        space_test(a_second_start_forgets_the_first),
        space_test(a_segment_comes_from_the_break_zeroed_and_filled_in),
        space_test(I7_every_granule_of_a_segment_leads_to_it),
        space_test(I7_null_and_foreign_addresses_have_no_segment),
        space_test(a_segment_at_the_break_grows_in_place),
        space_test(a_segment_below_another_ones_break_does_not_grow),
        space_test(growth_beyond_the_range_is_refused_without_asking),
        space_test(a_later_limit_gives_back_what_the_tables_reserve_beyond_it),
        space_test(a_later_limit_leaves_the_descriptors_that_exist),
        space_test(a_later_limit_that_is_no_lower_changes_nothing),
        space_test(a_refused_growth_leaves_the_segment_as_it_was),
        space_test(a_new_segment_stands_above_the_break_that_others_moved),
        space_test(a_race_for_the_break_is_tried_again),
        space_test(a_race_with_a_refusal_is_tried_again),
        space_test(a_race_that_never_ends_leads_to_a_mapping),
        space_test(a_race_while_growing_leaves_the_break_to_the_others),
        space_test(a_lost_race_that_cannot_be_undone_is_survived),
        space_test(where_the_break_ends_segments_are_mapped_in_the_same_range),
        space_test(a_library_in_the_way_of_the_break_leads_to_a_mapping),
        space_test(an_occupied_place_is_passed_over),
        space_test(a_range_full_of_others_gives_nothing),
        space_test(a_refused_mapping_is_not_tried_elsewhere),
        space_test(an_exhausted_range_gives_nothing_and_keeps_what_there_is),
        space_test(without_a_break_all_segments_are_mapped),
        space_test(a_mapped_segment_grows_in_place),
        space_test(a_mapped_segment_does_not_grow_into_what_is_there),
        space_test(a_new_mapping_passes_over_a_segment_that_has_grown),
        space_test(without_a_table_no_segment_is_taken),
        space_test(a_refused_table_is_asked_for_again),
        space_test(one_refusal_of_the_table_is_survived_by_a_mapping),
        space_test(the_table_grows_in_steps_and_keeps_its_entries),
        space_test(a_table_that_cannot_grow_refuses_the_extension),
        space_test(a_segment_at_the_break_shrinks_and_grows_again_zeroed),
        space_test(a_segment_below_another_ones_break_does_not_shrink),
        space_test(a_break_that_does_not_sink_leaves_the_segment_as_it_was),
        space_test(a_race_while_shrinking_leaves_the_others_memory_alone),
        space_test(a_race_while_shrinking_that_cannot_be_undone_leaves_a_smaller_segment),
        space_test(I7_a_segment_is_not_mapped_where_another_has_lost_memory),
        space_test(a_mapped_segment_shrinks),
        space_test(a_mapped_segment_is_given_back_whole_and_its_place_used_again),
        space_test(the_peak_is_the_most_of_break_and_mappings_together),
        space_test(verbose_tells_every_change_of_segments),
        space_test(without_verbose_nothing_is_said),
        space_test(a_call_from_within_is_refused_and_changes_nothing),
        space_test(lending_from_within_leaves_the_lock_held),
        space_test(a_lent_space_serves_its_holder_and_keeps_others_out),
        space_test(threads_that_take_at_a_time_get_segments_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
