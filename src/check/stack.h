/*
 * Call stacks: taking them, and telling of them.
 */
#ifndef MA_CHECK_STACK_H
#define MA_CHECK_STACK_H

#include <stdbool.h>
#include <stddef.h>

/* Frames that are kept of a stack. */
enum { STACK_DEPTH = 16 };

struct stack {
    void *frames
        [STACK_DEPTH]; /* return addresses, the innermost first; NULL from the first that is not there */
};

/* Once, when the process may allocate; until then all stacks are empty. */
void stack_start(void);

/* Whether that is done: what is allocated before is this library's own. */
bool stack_has_started(void);

/* The stack of the calling thread, but for the frames of libma.so that come first; empty where a signal handler has interrupted this
 * function. Takes no lock, does not allocate. */
struct stack stack_capture(void);

/* Print a line for each frame to file descriptor `fd`. */
void stack_report(int fd, const struct stack *stack);

#endif
