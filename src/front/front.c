/*
 * The thread's pointer to its heap, and the slow paths next to the fast ones.
 */
#include "front/front.h"

#include "front/empties.h"
#include "front/registry.h"
#include "front/remote.h"

_Thread_local ptrdiff_t front_offset;

/* Enter to use what the heap has cached. */
static inline struct theap *enter_cache(void)
{
    struct theap *heap = front_enter();
    if (theap_is_real(heap)) {
        theap_begin(heap);
    }
    return heap;
}

void *front_alloc_slow(struct theap *heap, size_t size)
{
    void *object = NULL;
    if (theap_is_real(heap)) {
        theap_begin(heap);
        object = theap_refill(heap, size > 0 ? size : 1);
    }
    front_leave(heap);
    return object;
}

void *front_alloc_medium(size_t size)
{
    struct theap *heap = enter_cache();
    void *payload = theap_is_real(heap) ? medium_take(&heap->medium, size) : NULL;
    front_leave(heap);
    return payload;
}

void front_note_served(const void *payload)
{
    struct theap *heap = enter_cache();
    if (theap_is_real(heap)) {
        medium_note_served(&heap->medium, mb_size(mb_of_payload(payload)));
    }
    front_leave(heap);
}

bool front_keep(struct mem_block *b)
{
    struct theap *heap = enter_cache();
    bool is_kept = theap_is_real(heap) && theap_keep(heap, b);
    front_leave(heap);
    return is_kept;
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
    theap_begin(heap);
    theap_notified(heap, slab);
    front_leave(heap);
}

size_t front_cached_bytes(void)
{
    struct theap *heap = front_heap();
    return theap_is_real(heap) ? heap->medium.bytes + heap->empty_bytes : 0;
}

void front_shed_cached(void)
{
    struct theap *heap = enter_cache();
    if (theap_is_real(heap)) {
        medium_shed(&heap->medium);
        empties_shed(heap);
    }
    front_leave(heap);
}

bool front_settle(void)
{
    bool has_any = false;
    struct theap *heap = enter_cache();
    if (theap_is_real(heap)) {
        theap_flush(heap);
        theap_read_inbox(heap);
        has_any = heap->medium.bytes > 0;
        medium_flush(&heap->medium);
    }
    front_leave(heap);
    return has_any;
}

bool front_trim(void)
{
    bool has_any = front_settle();
    struct theap *heap = enter_cache();
    if (theap_is_real(heap)) {
        has_any |= theap_release(heap);
    }
    front_leave(heap);
    return has_any;
}
