/*
 * The thread's pointer to its heap, and the slow paths next to the fast ones.
 */
#include "front/front.h"

#include "front/registry.h"
#include "front/remote.h"

_Thread_local ptrdiff_t front_offset;

void *front_alloc_slow(struct theap *heap, size_t size)
{
    void *object = NULL;
    if (theap_is_real(heap)) {
        object = theap_refill(heap, class_of(size > 0 ? size : 1));
    }
    front_leave(heap);
    return object;
}

void front_free_slow(struct slab *slab, void *payload)
{
    slab_check_object(slab, payload, "free");
    struct object *o = payload;
    struct theap *heap = front_enter();
    if (theap_is_real(heap)) {
        theap_free_remote(heap, slab, o);
    } else {
        o->mark = object_mark(o);
        remote_push(slab, o, o, 1);
    }
    front_leave(heap);
}

void front_notified(struct theap *heap, struct slab *slab)
{
    theap_notified(heap, slab);
    front_leave(heap);
}

void front_settle(void)
{
    struct theap *heap = front_enter();
    if (theap_is_real(heap)) {
        theap_flush(heap);
        theap_read_inbox(heap);
    }
    front_leave(heap);
}

bool front_trim(void)
{
    bool has_any = false;
    front_settle();
    struct theap *heap = front_enter();
    if (theap_is_real(heap)) {
        has_any = theap_release_empty(heap);
    }
    front_leave(heap);
    return has_any;
}
