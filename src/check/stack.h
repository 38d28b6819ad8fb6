/*
 * Call stacks: taking them, and telling of them.
 */
#ifndef MA_CHECK_STACK_H
#define MA_CHECK_STACK_H

#include <stddef.h>

/* Frames that are kept of a stack. */
enum { STACK_DEPTH = 12 };

struct stack {
    void *frames
        [STACK_DEPTH]; /* return addresses, the innermost first; NULL from the first that is not there */
};

/* Once, when the process may allocate; until then all stacks are empty. */
void stack_start(void);

/* The stack of the calling thread, but for frames of this library. May be called anywhere but inside a lock of ours; does not
 * allocate. */
struct stack stack_capture(void);

/* Print a line for each frame to file descriptor `fd`. */
void stack_report(int fd, const struct stack *stack);

#endif
