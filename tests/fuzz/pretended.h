/*
 * Threads that are pretended: one thread plays them, one after the other.
 *
 * pretended.c takes the place of src/api/thread.c and fork.c, and of the pause in src/os/lock.c: no time is lost.
 */
#ifndef MA_TESTS_FUZZ_PRETENDED_H
#define MA_TESTS_FUZZ_PRETENDED_H

#include <stddef.h>

#define PRETENDED_COUNT ((size_t)4)

/* There are PRETENDED_COUNT threads, none of which has a heap yet; the first runs. */
void pretended_reset(void);

/* From now on the caller is the thread of this number. It is in no allocator function. */
void pretended_run(size_t number);

/* The running thread ends. A new one has its number. */
void pretended_end(void);

/* All threads but the running one vanish, as in a forked child. */
void pretended_vanish(void);

/* The first invariant that a thread's slab, or an orphan where there are threads, breaks; 0 if there is none. */
int pretended_check(void);

#endif
