/*
 * Messages on stderr, formatted without allocating and written by write(2).
 *
 * Conversions: %s string, %zu size in decimal, %d int, %p address, %% itself.
 * A message is cut at REPORT_MAX bytes. Safe in signal handlers and at any time
 * after the program was loaded.
 */
#ifndef MA_BASE_REPORT_H
#define MA_BASE_REPORT_H

#include <stdarg.h>
#include <stddef.h>

#define REPORT_MAX ((size_t)512)

/* Format into `out`, ended by NUL; gives the length written. */
size_t report_format(char *out, size_t room, const char *format, va_list args);

/* Write "libma: ", the message and a newline to file descriptor `fd`. errno is kept. */
__attribute__((format(printf, 2, 3))) void report_to(int fd, const char *format, ...);

/* Write the line to stderr. */
__attribute__((format(printf, 1, 2))) void report_line(const char *format, ...);

/* Write the line to stderr, then abort(): the program is wrong, or the heap is. */
__attribute__((noreturn, cold, format(printf, 1, 2))) void report_fatal(const char *format, ...);

#endif
