/*
 * A thread's heap, from its first request to the thread's end.
 */
#include "api/thread.h"

#include "base/options.h"
#include "front/registry.h"

#include <pthread.h>

static pthread_key_t key;
static bool has_key; /* constant after start */

/*
 * Other libraries' destructors may allocate and free, and those of later keys come after
 * this one. So the first call only asks for another round.
 */
static void end_thread(void *heap)
{
    if (front_own == NULL) {
        return; /* the front was closed since */
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
    front_own = heap;
    if (pthread_setspecific(key, heap) != 0) {
        front_own = NULL;
        registry_leave(heap); /* nobody would do it at the thread's end */
        return THEAP_OFF;
    }
    return heap;
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
