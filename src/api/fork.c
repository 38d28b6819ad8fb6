/*
 * The handlers of fork().
 *
 * Prepare handlers run last-registered first, so that those of other libraries
 * run before or after ours. They may allocate: the locks are lent to the forking
 * thread, which goes on using the heap, while all others wait.
 */
#include "api/fork.h"

#include "api/thread.h"
#include "core/cores.h"
#include "front/registry.h"

#include <pthread.h>

static void prepare(void)
{
    registry_lend();
    cores_lend();
}

static void in_parent(void)
{
    cores_take_back();
    registry_take_back();
}

/* The heaps of the threads that are not there any more are this thread's to clear. */
static void in_child(void)
{
    cores_after_fork();
    in_parent();
    registry_after_fork(thread_heap());
}

void fork_start(void)
{
    pthread_atfork(prepare, in_parent, in_child);
}
