/*
 * The fast paths of small requests.
 *
 * A thread finds its heap through one thread-local word. While it is inside the
 * allocator the word leads to THEAP_BUSY, so that a signal handler which interrupts it and
 * allocates finds no object there and takes a slow path, by way of the core; and what such a
 * handler frees belongs, as far as the fast path can see, to somebody else. Two stores do
 * this, in order with the rest as this thread sees it. Another thread looks at the word only where memory is out, or
 * this one has not looked at its inbox for long (front/reclaim.h).
 */
#ifndef MA_FRONT_FRONT_H
#define MA_FRONT_FRONT_H

#include "front/theap.h"

/*
 * The calling thread's heap, or one of those that serve nothing: how many bytes it is from
 * THEAP_NONE. So a word that nobody has set yet, in a new thread or before the dynamic loader has
 * come to thread-local variables at all, is that of a thread without a heap.
 */
extern MA_HIDDEN _Thread_local ptrdiff_t front_offset;

/* Its heap also while it is inside the allocator, or takes the slow paths only; NULL: none. */
extern MA_HIDDEN _Thread_local struct theap *front_own;

static inline struct theap *front_heap(void)
{
    return owner_at(front_offset);
}

static inline struct theap *front_enter(void)
{
    struct theap *heap = front_heap();
    __atomic_store_n(&front_offset, owner_distance(THEAP_BUSY), __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return heap;
}

static inline void front_leave(struct theap *heap)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&front_offset, owner_distance(heap), __ATOMIC_RELEASE);
}

/* The same on a slow path, after which the thread may be to go on with these. */
void front_leave_slow(struct theap *heap);

/* The object that ends the fast path of a request, NULL where it must take the slow one; the
 * thread is then still inside. An object that is not as it was left is not given: the slow path reports it. Requires: size <=
 * MA_SMALL_MAX. */
static inline void *front_pop(struct theap *heap, size_t size)
{
    struct slab *slab = heap->current[class_of(size)];
    struct object *o = slab->free;
    if (__builtin_expect(o == NULL || !object_has_mark(o), 0)) {
        return NULL;
    }
    slab->free = o->next;
    __builtin_prefetch(slab->free);
    slab_count_used(slab, 1);
    o->mark = 0;
    front_leave(heap);
    return o;
}

/*
 * front_pop() and front_push() of a thread that is to take slow paths, with options.is_mapped: as short a way as there is with a
 * look into the maps of live objects.
 */

/* Requires: front_enter() returned THEAP_SLOW. NULL: there is a longer way, and the thread is still inside. */
MA_RARE void *front_pop_mapped(size_t size);

/* False: there is a longer way, or no live object begins at `payload`. */
MA_RARE bool front_push_mapped(void *payload);

/* From now on, and if the options want it, the calling thread's requests take the slow paths, which check more. */
void front_settle_speed(void);

/*
 * The rest of a request that front_pop() could not serve.
 *
 * @return an object; NULL where the core is to serve. The thread is inside no longer.
 */
void *front_alloc_slow(struct theap *heap, size_t size);

/* The block that ends the fast path of a request of fewer than MEDIUM_REQUEST_MAX bytes, as front_pop() has an object: one that this
 * thread has released. NULL where it must take the slow one; the thread is then still inside. */
static inline __attribute__((always_inline)) void *front_pop_block(struct theap *heap, size_t size)
{
    if (__builtin_expect(!theap_is_real(heap) || theap_is_shut(heap), 0)) {
        return NULL;
    }
    void *payload = medium_take_first(&heap->medium, size);
    if (payload != NULL) {
        front_leave(heap);
    }
    return payload;
}

/* The rest of a request that front_pop_block() could not serve; NULL where the core is to. The thread is inside no longer. */
void *front_take_slow(struct theap *heap, size_t size);

/* Both. */
static inline __attribute__((always_inline)) void *front_take(size_t size)
{
    struct theap *heap = front_enter();
    void *payload = front_pop_block(heap, size);
    return payload != NULL ? payload : front_take_slow(heap, size);
}

/* The same with an aligned payload. */
void *front_take_aligned(size_t alignment, size_t size);

/* Keep a used block of the core, of `size` bytes, for this thread's next requests, where that is soon done. False: the thread is then
 * still inside. Requires: medium_caches(size). */
static inline __attribute__((always_inline)) bool front_push_block(struct theap *heap,
                                                                   struct mem_block *b, size_t size)
{
    if (__builtin_expect(!theap_is_real(heap) || theap_is_shut(heap), 0) ||
        !theap_keep_at_once(heap, b, size)) {
        return false;
    }
    front_leave(heap);
    return true;
}

/* The rest of front_push_block(). False: the core is to release it. The thread is inside no longer. */
bool front_keep_slow(struct theap *heap, struct mem_block *b);

/* Abort with a report naming `caller` where the thread has released the used block `b` before, whatever was written to it since. Looks
 * through what it has cached of that size. */
MA_RARE void front_require_absent(const struct mem_block *b, const char *caller);

/* Both, of a block of any size. */
static inline bool front_keep(struct mem_block *b)
{
    struct theap *heap = front_enter();
    size_t size = mb_size(b);
    return (medium_caches(size) && front_push_block(heap, b, size)) || front_keep_slow(heap, b);
}

/* How many blocks of `size` bytes, less than MEDIUM_REQUEST_MAX, to ask the core for at once: at least 1. */
size_t front_wanted_count(size_t size);

/* Keep `count` used blocks of one size, one behind the other, of which `payload` is the first. The last may be larger. */
void front_keep_run(void *payload, size_t count);

/* Take note that the core gave this thread a small payload. */
void front_note_served(const void *payload);

/* Free an object of any slab; aborts with a report where no live object begins at `payload`. */
void front_free_slow(struct slab *slab, void *payload);

/* Bytes of the blocks and the empty slabs that the calling thread's heap has cached. */
size_t front_cached_bytes(void);

/* Give the core some of them, the largest blocks, `size` bytes and more if that does not take long. */
void front_shed_cached(size_t size);

/* Pass on what the calling thread's heap holds back, give the core what it has cached, and take in
 * what others have freed. True where blocks were cached. */
MA_RARE bool front_settle(void);

/* Give back what the calling thread's heap holds and can give. True where there was any. */
MA_RARE bool front_trim(void);

/* The rest of front_push() where the slab's count calls for more; the thread is inside no longer. */
void front_notified(struct theap *heap, struct slab *slab);

/* Free the live object `o`, whose object_mark() is `mark`, of a slab that the calling thread's
 * heap owns. */
static inline void front_push(struct theap *heap, struct slab *slab, struct object *o,
                              uintptr_t mark)
{
    front_enter();
    if (__builtin_expect(slab_push(slab, o, mark), 0)) {
        front_notified(heap, slab);
        return;
    }
    front_leave(heap);
}

#endif
