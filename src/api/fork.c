/*
 * The handlers of fork().
 *
 * Prepare handlers run last-registered first, so that those of other libraries
 * run before or after ours. They may allocate: the locks are lent to the forking
 * thread, which goes on using the heap, while all others wait.
 *
 * After all handlers, glibc's fork() takes the lock of its list of streams. Who has that lock, in fflush(NULL), waits for
 * streams, and who has a stream, in getline(), may be waiting for one of our locks. So it comes before ours.
 */
#include "api/fork.h"

#include "api/thread.h"
#include "base/config.h"
#include "check/quarantine.h"
#include "check/sample.h"
#include "core/cores.h"
#include "front/registry.h"
#include "os/alone.h"
#include "os/lock.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

/* glibc's; its header declares them for itself alone. The lock is recursive. */
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
void _IO_list_resetlock(void) __attribute__((weak));

/* The lock of the list of streams: how often forks of this thread that are under way have taken it. More than one where a handler
 * forks. */
static _Thread_local unsigned stream_list_takes;

/* Whether the thread that forks is the only one. */
static _Thread_local bool was_alone;

/* Where there is one thread nobody can have the lock, and glibc does not take it either. */
static void take_stream_list(void)
{
    if (!os_is_alone() && _IO_list_lock != NULL) {
        _IO_list_lock();
        stream_list_takes++;
    }
}

static void release_stream_list(void)
{
    if (stream_list_takes > 0) {
        stream_list_takes--;
        _IO_list_unlock();
    }
}

/* As glibc does: the child has it free. */
static void reset_stream_list(void)
{
    if (stream_list_takes > 0) {
        stream_list_takes = 0;
        _IO_list_resetlock();
    }
}

static bool lend_within(unsigned milliseconds)
{
    if (!registry_lend_within(milliseconds)) {
        return false;
    }
    bool is_lent = cores_lend_within(milliseconds);
    if (!is_lent) {
        registry_take_back();
    }
    return is_lent;
}

/* Who is in a handler that has interrupted the allocator comes too late for the order. As it goes on to glibc's part of the
 * fork all the same, nobody who has the list waits for it for long. */
static MA_RARE void prepare(void)
{
    was_alone = os_is_alone();
    if (lock_may_be_inside_any()) {
        registry_lend();
        cores_lend();
        return;
    }
    take_stream_list();
    while (!lend_within(MA_SHARD_PATIENCE)) {
        release_stream_list();
        lock_pause(1);
        take_stream_list();
    }
}

static void take_back(void)
{
    cores_take_back();
    registry_take_back();
}

static MA_RARE void in_parent(void)
{
    take_back();
    release_stream_list();
}

/* Atomic; whose handlers these are. */
static pid_t process;

bool fork_is_own_process(void)
{
    return __atomic_load_n(&process, __ATOMIC_RELAXED) == getpid();
}

static void note_process(void)
{
    __atomic_store_n(&process, getpid(), __ATOMIC_RELAXED);
}

/* The heaps of the threads that are not there any more are this thread's to clear. */
static MA_RARE void in_child(void)
{
    cores_after_fork();
    take_back();
    registry_after_fork(thread_heap(), was_alone);
    quarantine_after_fork();
    sample_after_fork();
    reset_stream_list();
    note_process();
}

void fork_start(void)
{
    note_process();
    pthread_atfork(prepare, in_parent, in_child);
}
