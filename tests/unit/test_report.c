/*
 * Messages: every conversion, every way of not fitting, and a file descriptor that
 * does not take all at once.
 *
 * write() is this program's own, so that a test decides what it answers.
 */
#include "base/report.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The descriptor whose writes are pretended; no real one is as high. */
enum { PRETENDED = 1 << 20 };

static struct {
    char bytes[2048]; /* what came through */
    size_t length;
    size_t calls;
    size_t at_most;       /* bytes taken by one call */
    size_t interruptions; /* calls that end in EINTR first */
    bool is_broken;       /* EPIPE */
} pretended;

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fd != PRETENDED) {
        return syscall(SYS_write, fd, bytes, size);
    }
    pretended.calls++;
    if (pretended.interruptions > 0 || pretended.is_broken) {
        errno = pretended.is_broken ? EPIPE : EINTR;
        pretended.interruptions -= pretended.is_broken ? 0 : 1;
        return -1;
    }
    size_t taken = size < pretended.at_most ? size : pretended.at_most;
    memcpy(pretended.bytes + pretended.length, bytes, taken);
    pretended.length += taken;
    return (ssize_t)taken;
}

static int pretend_anew(void **state)
{
    (void)state;
    memset(&pretended, 0, sizeof(pretended));
    pretended.at_most = SIZE_MAX;
    return 0;
}

static size_t format_into(char *out, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t length = report_format(out, room, format, args);
    va_end(args);
    return length;
}

static void each_conversion_reads_as_printf_would_write_it(void **state)
{
    (void)state;
    char out[200];
    size_t length = format_into(out, sizeof(out), "%s|%zu|%d|%d|%p|%%|", "text", (size_t)4096, 17,
                                -17, (void *)0xdeadbeef);
    assert_string_equal(out, "text|4096|17|-17|0xdeadbeef|%|");
    assert_int_equal(length, strlen(out));
}

static void numbers_are_right_at_their_limits(void **state)
{
    (void)state;
    char out[200];
    format_into(out, sizeof(out), "%zu %zu %d %d %d %p %p", (size_t)0, SIZE_MAX, 0, INT_MAX,
                INT_MIN, NULL, (void *)UINTPTR_MAX);
    assert_string_equal(out,
                        "0 18446744073709551615 0 2147483647 -2147483648 0x0 0xffffffffffffffff");
}

static void a_text_without_conversions_and_an_empty_one_pass(void **state)
{
    (void)state;
    char out[20];
    assert_int_equal(format_into(out, sizeof(out), "plain"), 5);
    assert_string_equal(out, "plain");
    assert_int_equal(format_into(out, sizeof(out), "%s", ""), 0);
    assert_string_equal(out, "");
}

/* A mistake in a message must not crash the report of a worse one. */
static void an_unknown_conversion_is_shown_as_its_letter(void **state)
{
    (void)state;
    char out[20];
    format_into(out, sizeof(out), "a%qb");
    assert_string_equal(out, "aqb");
}

static void a_text_is_cut_at_the_room_and_ends_in_nul(void **state)
{
    (void)state;
    for (size_t room = 1; room <= 12; room++) {
        char out[16];
        memset(out, '#', sizeof(out));
        size_t length = format_into(out, room, "%s%zu", "12345", (size_t)67890);
        size_t expected = room - 1 < 10 ? room - 1 : 10;
        assert_int_equal(length, expected);
        assert_memory_equal(out, "1234567890", expected);
        assert_int_equal(out[expected], '\0');
        assert_int_equal(out[room], '#');
    }
}

static void without_room_nothing_is_written(void **state)
{
    (void)state;
    char out = '#';
    assert_int_equal(format_into(&out, 0, "text"), 0);
    assert_int_equal(out, '#');
}

/* Lines of several threads must not mix. */
static void a_line_has_prefix_and_newline_and_leaves_in_one_write(void **state)
{
    (void)state;
    report_to(PRETENDED, "%d blocks of %s", 3, "some size");
    assert_string_equal(pretended.bytes, "libma: 3 blocks of some size\n");
    assert_int_equal(pretended.calls, 1);
}

static void a_long_message_is_cut_but_keeps_its_newline(void **state)
{
    (void)state;
    char text[2 * REPORT_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const size_t prefix = strlen("libma: ");

    report_to(PRETENDED, "%s", text);

    assert_in_range(pretended.length, prefix + REPORT_MAX - 1, prefix + REPORT_MAX + 1);
    assert_int_equal(pretended.bytes[pretended.length - 1], '\n');
    assert_int_equal(pretended.bytes[pretended.length - 2], 'x');
    assert_memory_equal(pretended.bytes + prefix, text, REPORT_MAX - 1);
}

static void a_write_in_pieces_loses_nothing(void **state)
{
    (void)state;
    pretended.at_most = 5;
    report_to(PRETENDED, "0123456789");
    assert_string_equal(pretended.bytes, "libma: 0123456789\n");
    assert_int_equal(pretended.calls, 4); /* 18 bytes */
}

static void an_interrupted_write_is_tried_again(void **state)
{
    (void)state;
    pretended.interruptions = 3;
    report_to(PRETENDED, "still here");
    assert_string_equal(pretended.bytes, "libma: still here\n");
    assert_int_equal(pretended.calls, 4);
}

static void a_line_that_nobody_takes_is_given_up(void **state)
{
    (void)state;
    pretended.at_most = 0;
    report_to(PRETENDED, "lost");
    assert_int_equal(pretended.calls, 1);
    pretended.is_broken = true;
    report_to(PRETENDED, "lost, too");
    assert_int_equal(pretended.calls, 2);
    assert_int_equal(pretended.length, 0);
}

static void a_message_keeps_errno(void **state)
{
    (void)state;
    errno = ENOTTY;
    pretended.is_broken = true;
    report_to(PRETENDED, "lost");
    assert_int_equal(errno, ENOTTY);
    pretended.is_broken = false;
    pretended.interruptions = 1;
    report_to(PRETENDED, "heard");
    assert_int_equal(errno, ENOTTY);
}

static void say_a_line(void *text)
{
    report_line("%s", (const char *)text);
}

static void report_line_goes_to_stderr(void **state)
{
    (void)state;
    char said[100];
    char text[] = "a line";
    capture_stderr(say_a_line, text, said, sizeof(said));
    assert_string_equal(said, "libma: a line\n");
}

static void end_with_a_message(void *text)
{
    report_fatal("the end of %s", (const char *)text);
}

static void report_fatal_says_why_and_aborts(void **state)
{
    (void)state;
    char text[] = "the heap";
    assert_aborts(end_with_a_message, text, "libma: the end of the heap\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_conversion_reads_as_printf_would_write_it),
        cmocka_unit_test(numbers_are_right_at_their_limits),
        cmocka_unit_test(a_text_without_conversions_and_an_empty_one_pass),
        cmocka_unit_test(an_unknown_conversion_is_shown_as_its_letter),
        cmocka_unit_test(a_text_is_cut_at_the_room_and_ends_in_nul),
        cmocka_unit_test(without_room_nothing_is_written),
        cmocka_unit_test_setup(a_line_has_prefix_and_newline_and_leaves_in_one_write, pretend_anew),
        cmocka_unit_test_setup(a_long_message_is_cut_but_keeps_its_newline, pretend_anew),
        cmocka_unit_test_setup(a_write_in_pieces_loses_nothing, pretend_anew),
        cmocka_unit_test_setup(an_interrupted_write_is_tried_again, pretend_anew),
        cmocka_unit_test_setup(a_line_that_nobody_takes_is_given_up, pretend_anew),
        cmocka_unit_test_setup(a_message_keeps_errno, pretend_anew),
        cmocka_unit_test(report_line_goes_to_stderr),
        cmocka_unit_test(report_fatal_says_why_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
