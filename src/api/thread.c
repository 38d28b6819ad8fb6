/*
 * A thread's heap, from its first request to the thread's end.
 */
#include "api/thread.h"

#include "base/options.h"
#include "front/registry.h"

#include <pthread.h>

/* A thread that has never asked for memory gets a heap when it has freed so often. */
enum { FREES_FOR_HEAP = 32 };

static pthread_key_t key;
static bool has_key; /* constant after start */

/*
 * Other libraries' destructors may allocate and free, and those of later keys come after
 * this one. So the first call only asks for another round.
 */
static void end_thread(void *heap)
{
    if (front_own == NULL) {
        /* It was closed since, or the thread has only freed: libc may free more after this. */
        front_leave(THEAP_OFF);
        return;
    }
    if (!front_own->is_leaving) {
        front_own->is_leaving = true;
        pthread_setspecific(key, heap);
        return;
    }
    thread_close();
}

void thread_start(void)
{
    has_key = pthread_key_create(&key, end_thread) == 0;
}

/*
 * May be called again by what pthread_setspecific() allocates; and by a thread that saw that it had no heap, and was then interrupted
 * by a handler that made one: `front_own` is set by then.
 */
struct theap *thread_open(void)
{
    if (options.front == 0 || !has_key) {
        return THEAP_OFF;
    }
    if (front_own != NULL) {
        return front_own;
    }
    struct theap *heap = registry_enter();
    if (heap == NULL) {
        return THEAP_NONE;
    }
    if (pthread_setspecific(key, heap) != 0) {
        registry_leave(heap); /* nobody would do it at the thread's end */
        return THEAP_OFF;
    }
    return heap;
}

/*
 * The first free sees to it that end_thread() is called. For in a thread that is about to end libc frees what it had for
 * others, after the last destructor: a heap that was made then would never be closed.
 */
void thread_note_freed(void)
{
    static _Thread_local uint8_t count;
    if (count == 0 && (!has_key || pthread_setspecific(key, &key) != 0)) {
        return;
    }
    if (++count == FREES_FOR_HEAP) {
        count = 1;
        front_enter();
        front_leave_slow(thread_open());
    }
}

void thread_close(void)
{
    struct theap *heap = front_own;
    front_leave(THEAP_OFF);
    if (heap != NULL) {
        registry_leave(heap);
    }
}

struct theap *thread_heap(void)
{
    return front_own;
}
