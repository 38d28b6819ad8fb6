/*
 * What a function says on stderr, and whether it ends the process by abort().
 *
 * For CMocka tests; both fail the test by themselves where something goes wrong.
 */
#ifndef MA_TESTS_SUPPORT_EXPECT_ABORT_H
#define MA_TESTS_SUPPORT_EXPECT_ABORT_H

#include <stddef.h>

/*
 * Assert that `function(context)` raises SIGABRT, and that what it wrote to stderr
 * contains `text`. It runs in a forked child: what it does to memory stays there.
 *
 * The child ends by exit(), so that coverage is counted and the sanitizers and
 * valgrind, which would tell of a fatal signal, stay quiet. Only the calling thread
 * exists in the child; do not use CMocka's asserts there.
 */
#define assert_aborts(function, context, text)                                                     \
    expect_abort((function), (context), (text), __FILE__, __LINE__)

void expect_abort(void (*function)(void *), void *context, const char *text, const char *file,
                  int line);

/*
 * Call `function(context)` in this process and collect what it writes to stderr in
 * `out`, cut to `room` and ended by NUL. At most 64 KiB may be written.
 *
 * @return the length of the text in `out`.
 */
size_t capture_stderr(void (*function)(void *), void *context, char *out, size_t room);

#endif
