/*
 * A forked child whose stderr is a pipe; and the same pipe without the child.
 */
#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's exit status after a SIGABRT; that of no tool (valgrind, sanitizers). */
enum { ABORTED = 61 };

/* A child that hangs must not hang the test; valgrind may take its time. */
enum { CHILD_SECONDS = 60 };

static void on_abort(int signal_number)
{
    (void)signal_number;
    exit(ABORTED); /* unlike _exit(), writes the coverage counts; nothing else runs here */
}

static _Noreturn void be_child(int fd, void (*function)(void *), void *context)
{
    dup2(fd, STDERR_FILENO);
    close(fd);
    signal(SIGABRT, on_abort);
    alarm(CHILD_SECONDS);
    function(context);
    exit(EXIT_SUCCESS);
}

/* Read until end of file; what does not fit is thrown away. */
static size_t read_all(int fd, char *out, size_t room)
{
    size_t length = 0;
    char spill[256];
    for (;;) {
        bool fits = length + 1 < room;
        ssize_t got =
            read(fd, fits ? out + length : spill, fits ? room - 1 - length : sizeof(spill));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        length += fits ? (size_t)got : 0;
    }
    out[length] = '\0';
    return length;
}

void expect_abort(void (*function)(void *), void *context, const char *text, const char *file,
                  int line)
{
    char said[4096];
    int pipe_fds[2];
    int status = 0;
    fflush(NULL); /* or the child writes the parent's buffers once more */
    if (pipe(pipe_fds) != 0) {
        _fail(file, line);
    }
    pid_t child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        be_child(pipe_fds[1], function, context);
    }
    close(pipe_fds[1]);
    read_all(pipe_fds[0], said, sizeof(said));
    close(pipe_fds[0]);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        print_error("fork: %s\n", strerror(errno));
        _fail(file, line);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != ABORTED) {
        print_error("no abort(); the wait status is 0x%x, stderr was:\n%s\n", (unsigned)status,
                    said);
        _fail(file, line);
    }
    if (strstr(said, text) == NULL) {
        print_error("\"%s\" is missing on stderr:\n%s\n", text, said);
        _fail(file, line);
    }
}

size_t capture_stderr(void (*function)(void *), void *context, char *out, size_t room)
{
    int pipe_fds[2];
    fflush(NULL);
    assert_int_equal(pipe(pipe_fds), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
    close(pipe_fds[1]);

    function(context);

    fflush(NULL);
    dup2(saved, STDERR_FILENO); /* closes the pipe's last end to write to */
    close(saved);
    size_t length = read_all(pipe_fds[0], out, room);
    close(pipe_fds[0]);
    return length;
}
