/*
 * Messages without allocation: a line is put together on the stack and leaves in
 * one write(2), so that lines of several threads or processes do not mix.
 */
#include "base/report.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct text {
    char *out;
    size_t room; /* for characters and the NUL */
    size_t length;
};

static void put_char(struct text *text, char c)
{
    if (text->length + 1 < text->room) {
        text->out[text->length] = c;
        text->length++;
    }
}

static void put_string(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        put_char(text, *string);
    }
}

static void put_number(struct text *text, uintmax_t value, unsigned base)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count] = "0123456789abcdef"[value % base];
        count++;
        value /= base;
    } while (value != 0);
    while (count > 0) {
        count--;
        put_char(text, digits[count]);
    }
}

static void put_int(struct text *text, int value)
{
    if (value < 0) {
        put_char(text, '-');
        put_number(text, (uintmax_t)(-(intmax_t)value), 10);
    } else {
        put_number(text, (uintmax_t)value, 10);
    }
}

size_t report_format(char *out, size_t room, const char *format, va_list args)
{
    struct text text = {.out = out, .room = room, .length = 0};
    for (const char *f = format; *f != '\0'; f++) {
        if (*f != '%') {
            put_char(&text, *f);
            continue;
        }
        f++;
        switch (*f) {
        case 's':
            put_string(&text, va_arg(args, const char *));
            break;
        case 'd':
            put_int(&text, va_arg(args, int));
            break;
        case 'p':
            put_string(&text, "0x");
            put_number(&text, (uintptr_t)va_arg(args, void *), 16);
            break;
        case 'z': /* only %zu */
            f++;
            put_number(&text, va_arg(args, size_t), 10);
            break;
        default:
            put_char(&text, *f);
            break;
        }
    }
    if (room > 0) {
        out[text.length] = '\0';
    }
    return text.length;
}

static void write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* nobody listens: a lost message must not stop the program */
        }
        bytes += written;
        size -= (size_t)written;
    }
}

static void write_line(int fd, const char *format, va_list args)
{
    static const char prefix[] = "libma: ";
    char line[REPORT_MAX + sizeof(prefix)];
    int saved_errno = errno;
    struct text text = {.out = line, .room = sizeof(line) - 1, .length = 0};
    put_string(&text, prefix);
    text.length += report_format(line + text.length, text.room - text.length, format, args);
    line[text.length] = '\n';
    /* A thread that was cancelled would end here: with the allocator's locks in hand, or with nothing said. */
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    write_all(fd, line, text.length + 1);
    pthread_setcancelstate(cancel_state, NULL);
    errno = saved_errno;
}

void report_to(int fd, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(fd, format, args);
    va_end(args);
}

void report_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(STDERR_FILENO, format, args);
    va_end(args);
}

void report_fatal(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(STDERR_FILENO, format, args);
    va_end(args);
    abort();
}
