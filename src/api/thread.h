/*
 * A thread's heap, from its first request to the thread's end.
 */
#ifndef MA_API_THREAD_H
#define MA_API_THREAD_H

#include "front/front.h"

/* Once, at the start of the library. */
void thread_start(void);

/* The heap that the calling thread is to have from now on; THEAP_NONE where there is no memory for one
 * now. Requires: the library has started. */
struct theap *thread_open(void);

/* The calling thread, which has no heap, has freed something; it has one when it has done so often, to gather what goes back to
 * others. */
void thread_note_freed(void);

/* The calling thread has no heap any more, and gets none. */
void thread_close(void);

/* The calling thread's heap, also while it is inside the allocator; NULL if it has none. */
struct theap *thread_heap(void);

#endif
