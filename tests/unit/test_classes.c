/*
 * Size classes.
 */
#include "front/classes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_size_fits_its_class(void **state)
{
    (void)state;
    for (size_t size = 0; size <= MA_SMALL_MAX; size++) {
        assert_true(class_of(size) < CLASS_COUNT);
        assert_true(class_size(class_of(size)) >= size);
    }
}

static void no_smaller_class_holds_a_size(void **state)
{
    (void)state;
    for (size_t size = 1; size <= MA_SMALL_MAX; size++) {
        assert_true(class_size(class_of(size) - 1) < size);
    }
}

static void a_request_wastes_less_than_an_alignment(void **state)
{
    (void)state;
    for (size_t size = 0; size <= MA_SMALL_MAX; size++) {
        assert_true(class_size(class_of(size)) - size < MA_ALIGNMENT);
    }
}

static void a_class_is_that_of_its_own_size(void **state)
{
    (void)state;
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        assert_int_equal(class_of(class_size(c)), c);
        assert_int_equal(class_size(c) % MA_ALIGNMENT, 0);
    }
}

static void the_bounds_are_no_bytes_and_the_largest_object(void **state)
{
    (void)state;
    assert_int_equal(class_of(0), 0);
    assert_int_equal(class_size(0), 0);
    assert_int_equal(class_of(1), 1);
    assert_int_equal(class_of(16), 1);
    assert_int_equal(class_of(17), 2);
    assert_int_equal(class_of(MA_SMALL_MAX), CLASS_COUNT - 1);
    assert_int_equal(class_size(CLASS_COUNT - 1), MA_SMALL_MAX);
}

static void a_group_is_named_by_its_largest_class(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        size_t group = class_group(c);
        assert_in_range(group, c, CLASS_COUNT - 1);
        assert_int_equal(class_group(group), group);
        assert_true(c == CLASS_COUNT - 1 || class_group(c + 1) >= group);
        assert_true(group - c < GROUP_MAX);
    }
}

static void small_classes_are_groups_of_their_own(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 128; size++) {
        assert_int_equal(class_group(class_of(size)), class_of(size));
    }
}

static void an_object_of_a_group_is_at_most_a_quarter_larger(void **state)
{
    (void)state;
    for (size_t c = 9; c < CLASS_COUNT; c++) {
        assert_true(class_size(class_group(c)) * 4 <= class_size(c) * 5);
    }
}

/* Where slabs begin at multiples of 64, their objects are aligned to what divides their size. */
static void an_object_of_a_group_is_as_aligned_as_one_of_the_class(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        for (size_t alignment = 16; alignment <= 64; alignment *= 2) {
            if (class_size(c) % alignment == 0) {
                assert_int_equal(class_size(class_group(c)) % alignment, 0);
            }
        }
    }
}

static void a_class_and_its_group_serve_it_and_no_other(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        for (size_t other = 1; other < CLASS_COUNT; other++) {
            assert_int_equal(class_serves(other, c), other == c || other == class_group(c));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_fits_its_class),
        cmocka_unit_test(no_smaller_class_holds_a_size),
        cmocka_unit_test(a_request_wastes_less_than_an_alignment),
        cmocka_unit_test(a_class_is_that_of_its_own_size),
        cmocka_unit_test(the_bounds_are_no_bytes_and_the_largest_object),
        cmocka_unit_test(a_group_is_named_by_its_largest_class),
        cmocka_unit_test(small_classes_are_groups_of_their_own),
        cmocka_unit_test(an_object_of_a_group_is_at_most_a_quarter_larger),
        cmocka_unit_test(an_object_of_a_group_is_as_aligned_as_one_of_the_class),
        cmocka_unit_test(a_class_and_its_group_serve_it_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
