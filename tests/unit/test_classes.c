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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_fits_its_class),
        cmocka_unit_test(no_smaller_class_holds_a_size),
        cmocka_unit_test(a_request_wastes_less_than_an_alignment),
        cmocka_unit_test(a_class_is_that_of_its_own_size),
        cmocka_unit_test(the_bounds_are_no_bytes_and_the_largest_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
