/*
 * MA_OPTIONS: what is set, what is refused, and what the user is told.
 */
#include "base/options.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A call of options_parse() and what came of it. */
struct parsing {
    const char *text;
    struct options result;
    char said[1024];
};

static void call_parse(void *context)
{
    struct parsing *parsing = context;
    options_parse(&parsing->result, parsing->text);
}

/* Parse over options that are all `before`. */
static struct parsing parse(const char *text, size_t before)
{
    struct parsing parsing = {
        .text = text,
        .result = {.stats = before,
                   .verbose = before,
                   .deepbind = before,
                   .shards = before,
                   .limit = before,
                   .thp = before},
    };
    capture_stderr(call_parse, &parsing, parsing.said, sizeof(parsing.said));
    return parsing;
}

static void assert_options(const struct parsing *parsing, size_t stats, size_t verbose,
                           size_t deepbind)
{
    assert_int_equal(parsing->result.stats, stats);
    assert_int_equal(parsing->result.verbose, verbose);
    assert_int_equal(parsing->result.deepbind, deepbind);
}

static void nothing_set_changes_and_says_nothing(void **state)
{
    (void)state;
    const char *const nothing[] = {"", ",", ",,,"};
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        struct parsing zeros = parse(nothing[i], 0);
        struct parsing ones = parse(nothing[i], 1);
        assert_options(&zeros, 0, 0, 0);
        assert_options(&ones, 1, 1, 1);
        assert_string_equal(zeros.said, "");
    }
}

static void each_option_sets_its_own_value_only(void **state)
{
    (void)state;
    struct parsing stats = parse("stats=1", 0);
    struct parsing verbose = parse("verbose=1", 0);
    struct parsing deepbind = parse("deepbind=1", 0);
    struct parsing off = parse("verbose=0", 1);
    assert_options(&stats, 1, 0, 0);
    assert_options(&verbose, 0, 1, 0);
    assert_options(&deepbind, 0, 0, 1);
    assert_options(&off, 1, 0, 1);
    assert_string_equal(stats.said, "");
}

static void several_options_are_separated_by_commas(void **state)
{
    (void)state;
    struct parsing plain = parse("stats=1,deepbind=1", 0);
    struct parsing loose = parse(",stats=1,,verbose=1,", 0);
    assert_options(&plain, 1, 0, 1);
    assert_options(&loose, 1, 1, 0);
    assert_string_equal(plain.said, "");
    assert_string_equal(loose.said, "");
}

static void the_last_of_two_settings_counts(void **state)
{
    (void)state;
    struct parsing parsing = parse("stats=1,stats=0", 0);
    assert_options(&parsing, 0, 0, 0);
}

static void an_unknown_name_is_told_and_the_rest_is_taken(void **state)
{
    (void)state;
    struct parsing parsing = parse("stats=1,speed=9,verbose=1", 0);
    assert_options(&parsing, 1, 1, 0);
    assert_string_equal(parsing.said, "libma: MA_OPTIONS: there is no option 'speed'; ignored\n");
}

/* Neither the beginning of a name nor a longer one will do. */
static void only_the_whole_name_is_the_name(void **state)
{
    (void)state;
    const char *const wrong[] = {"stat=1", "statss=1", "Stats=1", " stats=1", "=1", "statz=1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsing parsing = parse(wrong[i], 0);
        assert_options(&parsing, 0, 0, 0);
        assert_non_null(strstr(parsing.said, "there is no option"));
    }
}

static void a_value_that_does_not_fit_is_told_with_the_ones_that_do(void **state)
{
    (void)state;
    struct parsing parsing = parse("verbose=2,stats=1", 0);
    assert_options(&parsing, 1, 0, 0);
    assert_string_equal(parsing.said, "libma: MA_OPTIONS: 'verbose=2' wants verbose=N with N from "
                                      "0 to 1; ignored\n");
}

static void shards_are_a_number_up_to_64(void **state)
{
    (void)state;
    struct parsing none = parse("shards=0", 1);
    struct parsing most = parse("shards=64", 0);
    struct parsing more = parse("shards=65", 1);
    assert_int_equal(none.result.shards, 0);
    assert_int_equal(most.result.shards, 64);
    assert_options(&most, 0, 0, 0);
    assert_string_equal(most.said, "");
    assert_int_equal(more.result.shards, 1);
    assert_string_equal(more.said, "libma: MA_OPTIONS: 'shards=65' wants shards=N with N from "
                                   "0 to 64; ignored\n");
}

static void bytes_may_have_a_unit(void **state)
{
    (void)state;
    assert_int_equal(parse("quarantine=3", 0).result.quarantine, 3);
    assert_int_equal(parse("quarantine=3k", 0).result.quarantine, 3 << 10);
    assert_int_equal(parse("quarantine=3M", 0).result.quarantine, 3 << 20);
    assert_int_equal(parse("quarantine=3g", 0).result.quarantine, (size_t)3 << 30);
    const char *const wrong[] = {"limit=off", "limit=0",  "limit=k",
                                 "limit=3kk", "limit=3t", "limit=99999999999999g"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsing parsing = parse(wrong[i], 1);
        assert_int_equal(parsing.result.limit, 1);
        assert_non_null(strstr(parsing.said, "' wants limit=N"));
    }
}

static void huge_pages_are_asked_for_by_a_word(void **state)
{
    (void)state;
    assert_int_equal(parse("thp=never", 0).result.thp, THP_NEVER);
    assert_int_equal(parse("thp=large", 0).result.thp, THP_LARGE);
    assert_int_equal(parse("thp=always", 0).result.thp, THP_ALWAYS);
    assert_int_equal(parse("thp=system", 1).result.thp, THP_SYSTEM);
    const char *const wrong[] = {"thp=", "thp", "thp=1", "thp=on", "thp=alway", "thp=never large"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsing parsing = parse(wrong[i], 1);
        assert_int_equal(parsing.result.thp, 1);
        assert_non_null(
            strstr(parsing.said, "' wants thp= one of: system never large always; ignored"));
    }
}

static void a_value_that_is_no_number_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"stats",     "stats=",   "stats=yes", "stats=1x", "stats=-1",
                                 "stats=1=1", "stats= 1", "stats=:",   "stats=/",  "stats=+0"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsing parsing = parse(wrong[i], 0);
        assert_options(&parsing, 0, 0, 0);
        assert_non_null(strstr(parsing.said, "' wants stats=N"));
    }
}

/* 2^64 and 2^64 + 1 would be 0 and 1, if they wrapped. */
static void a_number_beyond_all_words_does_not_wrap(void **state)
{
    (void)state;
    const char *const large[] = {"stats=18446744073709551615", "stats=18446744073709551616",
                                 "stats=18446744073709551617",
                                 "stats=100000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        struct parsing zeros = parse(large[i], 0);
        struct parsing ones = parse(large[i], 1);
        assert_options(&zeros, 0, 0, 0);
        assert_options(&ones, 1, 1, 1);
        assert_non_null(strstr(zeros.said, "' wants stats=N"));
    }
}

static void leading_zeros_do_not_count(void **state)
{
    (void)state;
    struct parsing parsing = parse("stats=0000000000000000000000001", 0);
    assert_options(&parsing, 1, 0, 0);
    assert_string_equal(parsing.said, "");
}

static void a_very_long_name_is_cut_in_the_message(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'n', sizeof(text));
    memcpy(text + sizeof(text) - sizeof(",stats=1"), ",stats=1", sizeof(",stats=1"));
    struct parsing parsing = parse(text, 0);
    assert_options(&parsing, 1, 0, 0);
    assert_non_null(strstr(parsing.said, "there is no option 'nnnn"));
    assert_non_null(strstr(parsing.said, "nnn'; ignored\n"));
    assert_true(strlen(parsing.said) < 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_changes_and_says_nothing),
        cmocka_unit_test(each_option_sets_its_own_value_only),
        cmocka_unit_test(several_options_are_separated_by_commas),
        cmocka_unit_test(the_last_of_two_settings_counts),
        cmocka_unit_test(an_unknown_name_is_told_and_the_rest_is_taken),
        cmocka_unit_test(only_the_whole_name_is_the_name),
        cmocka_unit_test(a_value_that_does_not_fit_is_told_with_the_ones_that_do),
        cmocka_unit_test(shards_are_a_number_up_to_64),
        cmocka_unit_test(bytes_may_have_a_unit),
        cmocka_unit_test(huge_pages_are_asked_for_by_a_word),
        cmocka_unit_test(a_value_that_is_no_number_is_refused),
        cmocka_unit_test(a_number_beyond_all_words_does_not_wrap),
        cmocka_unit_test(leading_zeros_do_not_count),
        cmocka_unit_test(a_very_long_name_is_cut_in_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
