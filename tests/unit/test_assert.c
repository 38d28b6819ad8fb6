/*
 * MA_CHECK in every build, MA_ASSERT in debug builds.
 */
#include "base/assert.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#ifdef MA_DEBUG
static const bool is_debug_build = true;
#else
static const bool is_debug_build = false;
#endif

static int evaluations;

static bool evaluate(bool result)
{
    evaluations++;
    return result;
}

static const char *count_and_name(void)
{
    evaluations++;
    return "name";
}

static void check_false(void *context)
{
    MA_CHECK(evaluate(false), "%s is %d", (const char *)context, 5);
}

static void a_failed_check_aborts_with_its_message(void **state)
{
    (void)state;
    char text[] = "the answer";
    assert_aborts(check_false, text, "libma: the answer is 5\n");
}

static void a_check_that_holds_costs_one_evaluation_and_no_message(void **state)
{
    (void)state;
    evaluations = 0;
    MA_CHECK(evaluate(true), "%s", count_and_name());
    assert_int_equal(evaluations, 1);
}

static void assert_false_condition(void *context)
{
    (void)context;
    MA_ASSERT(evaluate(false));
}

static void a_failed_assertion_names_file_and_condition_in_debug_builds(void **state)
{
    (void)state;
    if (!is_debug_build) {
        skip();
    }
    assert_aborts(assert_false_condition, NULL, "test_assert.c:");
    assert_aborts(assert_false_condition, NULL, ": evaluate(false) does not hold\n");
}

static void an_assertion_is_not_evaluated_in_release_builds(void **state)
{
    (void)state;
    evaluations = 0;
    MA_ASSERT(evaluate(true));
    assert_int_equal(evaluations, is_debug_build ? 1 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_check_aborts_with_its_message),
        cmocka_unit_test(a_check_that_holds_costs_one_evaluation_and_no_message),
        cmocka_unit_test(a_failed_assertion_names_file_and_condition_in_debug_builds),
        cmocka_unit_test(an_assertion_is_not_evaluated_in_release_builds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
