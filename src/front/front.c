/*
 * The thread's pointer to its heap, and the slow paths next to the fast ones.
 */
#include "front/front.h"

#include "base/options.h"
#include "core/cores.h"
#include "front/empties.h"
#include "front/live_map.h"
#include "front/registry.h"
#include "front/remote.h"

#include <errno.h>
#include <string.h>

_Thread_local ptrdiff_t front_offset;
_Thread_local struct theap *front_own;

static struct theap *real(struct theap *heap)
{
    return heap == THEAP_SLOW ? front_own : heap;
}

/* front_enter() on a slow path. */
static struct theap *enter(void)
{
    return real(front_enter());
}

void front_leave_slow(struct theap *heap)
{
    front_leave(options.is_slow && theap_is_real(heap) ? THEAP_SLOW : heap);
}

void front_settle_speed(void)
{
    front_leave_slow(enter());
}

/* Whether what the heap of a thread that is inside has cached may be used. It becomes the one that the thread is to leave with. */
static bool begin(struct theap **heap)
{
    *heap = real(*heap);
    return theap_is_real(*heap) && theap_begin(*heap);
}

/* Enter to use what the heap has cached. False: it may not be used. */
static bool enter_cache(struct theap **heap)
{
    *heap = front_enter();
    return begin(heap);
}

/* The slab of this heap's is to be looked at: later, if what is cached may not be used now. */
static void notify(struct theap *heap, struct slab *slab)
{
    if (theap_begin(heap)) {
        theap_notified(heap, slab);
    } else {
        remote_remind(slab);
    }
}

void *front_pop_mapped(size_t size)
{
    struct slab *slab = front_own->current[class_of(size)];
    void *object = slab->free != NULL ? slab_pop(slab) : NULL;
    if (object != NULL) {
        front_leave(THEAP_SLOW);
    }
    return object;
}

bool front_push_mapped(void *payload)
{
    size_t number = space_granule_number(payload);
    struct theap *heap = front_own;
    if (front_heap() != THEAP_SLOW || !space_has_granule(number)) {
        return false;
    }
    const struct granule *granule = &space_map.granules[number];
    struct slab *slab = slab_number(number);
    bool has_all_pages = granule_carved_bytes(granule) != 0;
    if (granule_owner_word(granule) != owner_distance(heap) || !has_all_pages ||
        !live_map_take(slab, payload)) {
        return false;
    }
    front_enter();
    if (slab_push(slab, payload, object_mark(payload))) {
        front_notified(heap, slab);
    } else {
        front_leave(THEAP_SLOW);
    }
    return true;
}

/* What front_pop() would have given, were the fast path not closed. Aborts with a report where that found an object without its mark. */
static struct object *pop_closed(struct theap *heap, size_t size)
{
    struct slab *slab = heap->current[class_of(size)];
    return slab->free != NULL ? slab_pop(slab) : NULL;
}

void *front_alloc_slow(struct theap *heap, size_t size)
{
    void *object = NULL;
    if (begin(&heap)) {
        object = pop_closed(heap, size);
        object = object != NULL ? object : theap_refill(heap, size > 0 ? size : 1);
    }
    front_leave_slow(heap);
    return object;
}

void *front_take_slow(struct theap *heap, size_t size)
{
    if (__builtin_expect(theap_is_real(heap) && !theap_is_shut(heap), 1)) {
        void *other = theap_take_other(heap, size); /* medium_take_first() had none */
        front_leave(heap);
        return other;
    }
    void *payload = NULL;
    if (begin(&heap)) {
        payload = medium_take_first(&heap->medium, size);
        payload = payload != NULL ? payload : theap_take_other(heap, size);
    }
    front_leave_slow(heap);
    return payload;
}

void *front_take_aligned(size_t alignment, size_t size)
{
    struct theap *heap;
    void *payload = enter_cache(&heap) ? medium_take_aligned(&heap->medium, alignment, size) : NULL;
    front_leave_slow(heap);
    return payload;
}

void front_require_absent(const struct mem_block *b, const char *caller)
{
    struct theap *heap;
    if (enter_cache(&heap)) {
        medium_require_absent(&heap->medium, b, caller);
    }
    front_leave_slow(heap);
}

bool front_keep_slow(struct theap *heap, struct mem_block *b)
{
    bool has_cache = begin(&heap);
    if (has_cache && options.check != 0) {
        medium_require_absent(&heap->medium, b, "free");
    }
    bool is_kept = has_cache && theap_keep(heap, b);
    front_leave_slow(heap);
    return is_kept;
}

size_t front_wanted_count(size_t size)
{
    struct theap *heap;
    size_t count = 1;
    if (enter_cache(&heap)) {
        if (heap->cache_limit == 0) {
            /* There may have been no heap to say so before. */
            medium_want(&heap->medium, medium_bin_for(size));
            theap_bound_cache(heap);
        }
        count = medium_wanted_count(&heap->medium, size, heap->cache_limit);
    }
    front_leave_slow(heap);
    return count;
}

void front_keep_run(void *payload, size_t count)
{
    struct mem_block *first = mb_of_payload(payload);
    size_t size = mb_size(first);
    struct theap *heap;
    if (enter_cache(&heap)) {
        swing_ask(&heap->swing, heap->medium.bytes + count * size, count * size);
    }
    front_leave_slow(heap);
    /* The last first, so that they are taken in the order of their addresses. */
    while (count-- > 0) {
        struct mem_block *b = mb_at(first, count * size);
        if (!front_keep(b)) {
            cores_free(space_segment_of(b)->core, mb_payload(b));
        }
    }
}

void front_note_served(const void *payload)
{
    struct theap *heap;
    if (enter_cache(&heap)) {
        medium_note_served(&heap->medium, mb_size(mb_of_payload(payload)));
    }
    front_leave_slow(heap);
}

/* front_free_slow() by a thread that has no heap, or only slow paths; or with an option that looks closer. */
static __attribute__((noinline)) void free_watched(struct slab *slab, struct object *o)
{
    live_map_clear(slab, o, "free");
    if (options.zero != 0) {
        memset(o, 0, class_size(slab_granule(slab)->size_class));
    }
    struct theap *heap = enter();
    if (options.is_slow && theap_is_real(heap) && slab_owner(slab) == heap &&
        slab_absent(slab) == 0) {
        if (slab_push(slab, o, object_mark(o))) {
            notify(heap, slab);
        }
    } else if (theap_is_real(heap)) {
        theap_free_remote(heap, slab, o);
    } else {
        object_set_mark(o);
        remote_push(slab, o, o, 1);
    }
    front_leave_slow(heap);
}

void front_free_slow(struct slab *slab, void *payload)
{
    slab_check_object(slab, payload, "free");
    struct theap *heap = front_heap();
    if (__builtin_expect(options.is_watched || !theap_is_real(heap), 0)) {
        free_watched(slab, payload);
        return;
    }
    front_enter();
    theap_free_remote(heap, slab, payload);
    front_leave(heap);
}

void front_notified(struct theap *heap, struct slab *slab)
{
    int saved_errno = errno; /* the core may give memory back to the system */
    notify(heap, slab);
    front_leave_slow(heap);
    errno = saved_errno;
}

size_t front_cached_bytes(void)
{
    const struct theap *heap = real(front_heap());
    return theap_is_real(heap) ? medium_all_bytes(&heap->medium) + heap->empty_bytes : 0;
}

void front_shed_cached(size_t size)
{
    struct theap *heap;
    if (enter_cache(&heap)) {
        theap_shed(heap, size);
        empties_shed(heap);
    }
    front_leave_slow(heap);
}

bool front_settle(void)
{
    bool has_any = false;
    struct theap *heap;
    if (enter_cache(&heap)) {
        theap_flush(heap);
        theap_read_inbox(heap);
        has_any = medium_all_bytes(&heap->medium) > 0;
        medium_flush(&heap->medium);
        registry_forget_swing(heap);
    }
    front_leave_slow(heap);
    return has_any;
}

bool front_trim(void)
{
    bool has_any = front_settle();
    struct theap *heap;
    if (enter_cache(&heap)) {
        has_any |= theap_release(heap);
    }
    front_leave_slow(heap);
    return has_any;
}
