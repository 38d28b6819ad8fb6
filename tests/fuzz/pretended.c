/*
 * What a thread has of its own, while another is played.
 */
#include "pretended.h"

#include "api/fork.h"
#include "api/thread.h"
#include "base/options.h"
#include "front/inspect.h"
#include "front/registry.h"
#include "os/alone.h"
#include "os/lock.h"
#include "support/fake_os.h"

/* The linker is told to call it in place of lock_pause(). */
void __wrap_lock_pause(unsigned milliseconds);

/* While it does not run: */
struct pretended {
    struct theap *own; /* its front_own */
    ptrdiff_t offset;  /* its front_offset */
};

static struct pretended threads[PRETENDED_COUNT];
static struct pretended *running;

void pretended_reset(void)
{
    for (size_t i = 0; i < PRETENDED_COUNT; i++) {
        threads[i] = (struct pretended){NULL, owner_distance(THEAP_NONE)};
    }
    running = &threads[0];
    front_own = NULL;
    front_leave(THEAP_NONE);
    __libc_single_threaded = false; /* nor is the process that is played */
}

void pretended_run(size_t number)
{
    running->own = front_own;
    running->offset = front_offset;
    running = &threads[number];
    front_own = running->own;
    front_leave(owner_at(running->offset));
}

void pretended_end(void)
{
    thread_close();
    front_leave(THEAP_NONE);
}

void pretended_vanish(void)
{
    for (size_t i = 0; i < PRETENDED_COUNT; i++) {
        if (&threads[i] != running) {
            threads[i] = (struct pretended){NULL, owner_distance(THEAP_NONE)};
        }
    }
}

int pretended_check(void)
{
    int result = 0;
    running->own = front_own;
    for (size_t i = 0; i < PRETENDED_COUNT && result == 0; i++) {
        result = threads[i].own != NULL ? front_check(threads[i].own) : 0;
    }
    return result;
}

void thread_start(void)
{
}

struct theap *thread_open(void)
{
    if (options.front == 0) {
        return THEAP_OFF;
    }
    if (front_own != NULL) {
        return front_own;
    }
    struct theap *heap = registry_enter();
    if (heap == NULL) {
        return THEAP_NONE;
    }
    heap->pointer = &running->offset;
    front_own = heap;
    return heap;
}

/* At the first free: inputs are short. */
void thread_note_freed(void)
{
    front_leave_slow(thread_open());
}

void thread_close(void)
{
    struct theap *heap = front_own;
    front_leave(THEAP_OFF);
    front_own = NULL;
    if (heap != NULL) {
        registry_leave(heap);
    }
}

struct theap *thread_heap(void)
{
    return front_own;
}

void fork_start(void)
{
}

void __wrap_lock_pause(unsigned milliseconds)
{
    fake_os_sleep(milliseconds);
}
