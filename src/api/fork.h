/*
 * fork() while other threads are inside the allocator: the child gets a heap at
 * rest, which it owns.
 */
#ifndef MA_API_FORK_H
#define MA_API_FORK_H

#include <stdbool.h>

/* Register the handlers. May allocate. */
void fork_start(void);

/* Whether the caller is in the process that the heap belongs to, and not in a child of vfork(), which only borrows the memory. */
bool fork_is_own_process(void);

#endif
