/*
 * fork() while other threads are inside the allocator: the child gets a heap at
 * rest, which it owns.
 */
#ifndef MA_API_FORK_H
#define MA_API_FORK_H

/* Register the handlers. May allocate. */
void fork_start(void);

#endif
