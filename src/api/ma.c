/*
 * The public allocation functions: what sizes, alignments and errno mean.
 *
 * The rules are the standards', and glibc's where those leave room.
 */
#include "ma.h"

#include "api/checked_alloc.h"
#include "api/fast.h"
#include "api/foreign.h"
#include "api/heap.h"
#include "api/thread.h"
#include "base/bits.h"
#include "check/sample.h"
#include "front/front.h"
#include "front/live_map.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* What an allocating function returns: `payload`, or NULL with errno ENOMEM. */
static void *or_enomem(void *payload)
{
    if (__builtin_expect(payload == NULL, 0)) {
        errno = ENOMEM;
    }
    return payload;
}

/* The heap of a thread that is inside, made now if it has none yet. */
static struct theap *opened(struct theap *heap)
{
    return heap == THEAP_NONE && heap_start() ? thread_open() : heap;
}

/* A small object for a thread whose heap had none at hand; NULL where the core is to serve. */
static void *alloc_object_slow(struct theap *heap, size_t size)
{
    heap = opened(heap);
    void *sample = sample_is_due() ? sample_alloc(MA_ALIGNMENT, size) : NULL;
    if (sample != NULL) {
        front_leave_slow(heap);
        return sample;
    }
    return front_alloc_slow(heap, size);
}

/* A small object; NULL where the core is to serve. */
static inline void *alloc_object(size_t size)
{
    struct theap *heap = front_enter();
    void *object = front_pop(heap, size);
    return __builtin_expect(object != NULL, 1) ? object : alloc_object_slow(heap, size);
}

/* What the core gave for a request of `size` bytes, or NULL with errno set. */
static void *as_served(void *payload, size_t size)
{
    if (payload != NULL && size <= MA_SMALL_MAX) {
        front_note_served(payload);
    }
    return or_enomem(payload);
}

/* A block of the core. To know what kind of block the heap must have started: the options are read then. */
static void *alloc_block(size_t size)
{
    if (!heap_start()) {
        return or_enomem(NULL);
    }
    return checked_is_on() ? or_enomem(checked_alloc(MA_ALIGNMENT, size, false))
                           : as_served(heap_alloc(medium_round(size)), size);
}

/* The rest of malloc_slow(). */
static __attribute__((noinline)) void *malloc_slower(struct theap *heap, size_t size)
{
    void *payload = alloc_object_slow(heap, size);
    payload = payload != NULL ? payload : front_take(size);
    return payload != NULL ? payload : alloc_block(size);
}

/* The rest of ma_malloc() for a small object; the thread is still inside. */
static __attribute__((noinline)) void *malloc_slow(struct theap *heap, size_t size)
{
    void *object = heap == THEAP_SLOW && options.is_mapped ? front_pop_mapped(size) : NULL;
    return object != NULL ? object : malloc_slower(heap, size);
}

/* A block of medium size, and several where many are asked for: the others are kept. */
static void *alloc_medium(size_t size)
{
    if (!heap_start() || checked_is_on()) {
        return alloc_block(size);
    }
    size = medium_round(size);
    size_t count = front_cached_bytes() < MA_CACHE_FLUSH ? front_wanted_count(size) : 1;
    void *payload = heap_alloc_run(size, &count);
    if (payload != NULL && count > 1) {
        front_keep_run(mb_payload(mb_next(mb_of_payload(payload))), count - 1);
    }
    return or_enomem(payload);
}

/* A thread that asks for blocks only is to have a cache of them, too. */
static void open_front(void)
{
    if (front_heap() == THEAP_NONE) {
        front_leave_slow(opened(front_enter()));
    }
}

/* The thread has released no block that fits. */
static __attribute__((noinline)) void *malloc_large_slow(size_t size)
{
    if (size < MEDIUM_REQUEST_MAX) {
        open_front();
    }
    void *sample = sample_is_due() ? sample_alloc(MA_ALIGNMENT, size) : NULL;
    if (sample != NULL) {
        return sample;
    }
    if (size < MEDIUM_REQUEST_MAX) {
        return alloc_medium(size);
    }
    return size <= PTRDIFF_MAX ? alloc_block(size) : or_enomem(NULL);
}

/* The rest of malloc_large() for a block of medium size; the thread is still inside. */
static __attribute__((noinline)) void *malloc_medium_slow(struct theap *heap, size_t size)
{
    void *payload = front_take_slow(heap, size);
    return payload != NULL ? payload : malloc_large_slow(size);
}

static __attribute__((noinline)) void *malloc_large(size_t size)
{
    if (__builtin_expect(size >= MEDIUM_REQUEST_MAX, 0)) {
        return malloc_large_slow(size);
    }
    struct theap *heap = front_enter();
    void *payload = front_pop_block(heap, size);
    return __builtin_expect(payload != NULL, 1) ? payload : malloc_medium_slow(heap, size);
}

MA_HOT void *ma_malloc(size_t size)
{
    if (__builtin_expect(size > MA_SMALL_MAX, 0)) {
        return malloc_large(size);
    }
    struct theap *heap = front_enter();
    void *object = front_pop(heap, size);
    return __builtin_expect(object != NULL, 1) ? object : malloc_slow(heap, size);
}

static inline void *finished(void *payload, size_t size, void *(*finish)(void *, size_t))
{
    return __builtin_expect(payload != NULL && !options.is_watched, 1) ? payload
                                                                       : finish(payload, size);
}

/* The rest of fast_malloc_or() for a small object; the thread is still inside. */
static __attribute__((noinline)) void *malloc_slow_or(struct theap *heap, size_t size,
                                                      void *(*finish)(void *, size_t))
{
    return finished(malloc_slow(heap, size), size, finish);
}

static __attribute__((noinline)) void *malloc_large_or(size_t size, void *(*finish)(void *, size_t))
{
    return finished(malloc_large(size), size, finish);
}

void *fast_malloc_or(size_t size, void *(*finish)(void *payload, size_t size))
{
    if (__builtin_expect(size > MA_SMALL_MAX, 0)) {
        return malloc_large_or(size, finish);
    }
    struct theap *heap = front_enter();
    void *object = front_pop(heap, size);
    return __builtin_expect(object != NULL, 1) ? object : malloc_slow_or(heap, size, finish);
}

void *ma_calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX) {
        return or_enomem(NULL);
    }
    void *payload = total <= MA_SMALL_MAX ? alloc_object(total) : NULL;
    if (payload == NULL && !heap_start()) {
        return or_enomem(NULL);
    }
    if (payload == NULL && checked_is_on()) {
        return or_enomem(checked_alloc(MA_ALIGNMENT, total, true));
    }
    if (payload == NULL && total < MEDIUM_REQUEST_MAX) {
        payload = front_take(total);
    }
    return payload != NULL ? memset(payload, 0, total)
                           : as_served(heap_alloc_zeroed(medium_round(total)), total);
}

/*
 * What to ask for when a payload of `usable` bytes grows to `size`: where the step is small it is
 * probably one of many, and most of those to come find room already.
 */
static size_t with_slack(size_t usable, size_t size)
{
    bool is_step = usable >= MA_SLACK_MIN && size - usable < usable / MA_SLACK_SHARE;
    return is_step ? size + usable / MA_SLACK_SHARE : size;
}

/* Whether an object of `usable` bytes stays as it is when `size` are asked for: its class is that of `size`, or nearly. */
static bool is_about(size_t usable, size_t size)
{
    return size <= usable && usable - size <= bits_max(usable / MA_SLACK_SHARE, MA_ALIGNMENT - 1);
}

/* The same of a core's block: the cache may have given a larger one than was asked for. */
static bool is_about_in_block(size_t usable, size_t size)
{
    size_t spare = usable < MEDIUM_MAX ? usable / MEDIUM_WASTE_SHARE : usable / MA_SLACK_SHARE;
    return size <= usable && usable - size <= spare;
}

/* The same of what may be the payload of a core's block, in `segment`. As nothing is to be changed nothing but that block is
 * looked at: what lies behind it is in another cache line, which the program may be far from. */
static bool is_block_about(const struct segment *segment, const void *payload, size_t size)
{
    const struct mem_block *b = mb_of_payload(payload);
    return segment_has_used(segment, b) && is_about_in_block(mb_usable(b), size) &&
           !medium_holds_block(payload, mb_size(b));
}

/* The compiler must not see how few bytes there are at most: it would copy them by a string instruction, which takes
 * longer to start than libc's function takes for all. */
static inline void copy_object(void *to, const void *from, size_t size)
{
    __asm__("" : "+r"(size));
    memcpy(to, from, size);
}

/* `to`, which has the first `size` bytes of `payload`, and that is freed; unless it is NULL. */
static inline void *moved_to(void *to, void *payload, size_t size)
{
    if (to != NULL) {
        copy_object(to, payload, size);
        ma_free(payload);
    }
    return to;
}

/* ma_realloc() by allocating, copying and freeing. */
static inline void *realloc_by_copy(void *payload, size_t old_size, size_t size)
{
    return moved_to(ma_malloc(size), payload, old_size < size ? old_size : size);
}

/* ma_realloc() of a live object of a class to 1 to PTRDIFF_MAX bytes. */
static __attribute__((noinline)) void *resize_object(void *object, size_t size_class, size_t size)
{
    size_t old_size = class_size(size_class);
    if (size <= old_size &&
        (is_about(old_size, size) || class_serves(size_class, class_of(size)))) {
        return object;
    }
    return realloc_by_copy(object, old_size, size > old_size ? with_slack(old_size, size) : size);
}

/* ma_realloc() of a core's block to at most PTRDIFF_MAX bytes. */
static void *realloc_block(const struct segment *segment, void *payload, size_t size)
{
    struct mem_block *b = medium_block_of(segment, payload, "realloc");
    if (options.check != 0) {
        front_require_absent(b, "realloc");
    }
    size_t usable = mb_usable(b);
    if (is_about_in_block(usable, size)) {
        return payload;
    }
    if (options.zero != 0) {
        return realloc_by_copy(payload, usable, size); /* nothing is left where it was */
    }
    if (size <= MA_SHRINK_MAX && size < usable / 2) {
        void *object = realloc_by_copy(
            payload, size, size); /* little to copy, and a whole block is left to others */
        if (object != NULL) {
            return object;
        }
    }
    if (usable <= MA_SHRINK_MAX && size / 2 > usable && size < MEDIUM_REQUEST_MAX) {
        /* As little to copy, and the core has nothing to do. */
        void *cached = moved_to(front_take(size), payload, usable);
        if (cached != NULL) {
            return cached;
        }
    }
    size_t wanted = medium_round(size > usable ? with_slack(usable, size) : size);
    void *moved = heap_realloc(segment->core, payload, wanted);
    return moved == NULL && wanted > size ? heap_realloc(segment->core, payload, size) : moved;
}

/* ma_realloc() of what is no small object, or not to about its size. */
static __attribute__((noinline)) void *realloc_else(void *payload, size_t size)
{
    const struct segment *segment = space_segment_of(payload);
    bool is_sample = options.is_watched && sample_owns(payload);
    if (segment == NULL && !is_sample) {
        return foreign_realloc(payload, size);
    }
    if (size == 0) {
        ma_free(payload);
        return NULL;
    }
    if (size > PTRDIFF_MAX) {
        return or_enomem(NULL);
    }
    if (is_sample) {
        return realloc_by_copy(payload, sample_usable_size(payload, "realloc"), size);
    }
    if (checked_is_on() && checked_has(payload)) {
        return or_enomem(checked_realloc(payload, size));
    }
    const struct slab *slab = slab_of(payload);
    if (slab == NULL) {
        return or_enomem(realloc_block(segment, payload, size));
    }
    slab_check_object(slab, payload, "realloc");
    live_map_require(slab, payload, "realloc");
    return resize_object(payload, slab->size_class, size);
}

static __attribute__((noinline)) void *realloc_slow(void *payload, size_t size)
{
    if (payload == NULL) {
        return ma_malloc(size);
    }
    const struct segment *segment = segment_of_block(payload);
    if (segment != NULL && !options.is_watched && size > 0 &&
        is_block_about(segment, payload, size)) {
        return payload;
    }
    return realloc_else(payload, size);
}

/* A small object that has about the right size already is the common case, of what grows in small steps. */
void *ma_realloc(void *payload, size_t size)
{
    size_t number = space_granule_number(payload);
    if (__builtin_expect(space_has_granule(number), 1)) {
        const struct granule *granule = &space_map.granules[number];
        if (granule_has_live(granule, payload) && size - 1 < PTRDIFF_MAX && !options.is_slow) {
            return is_about(class_size(granule->size_class), size)
                       ? payload
                       : resize_object(payload, granule->size_class, size);
        }
    }
    return realloc_slow(payload, size);
}

void *ma_reallocarray(void *payload, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return or_enomem(NULL);
    }
    return ma_realloc(payload, total);
}

/* The objects of a class whose size is a multiple of a small alignment have it. */
static void *alloc_aligned_object(size_t alignment, size_t size)
{
    size_t rounded = bits_round_up(size > 0 ? size : 1, alignment);
    return rounded <= MA_SMALL_MAX ? alloc_object(rounded) : NULL;
}

/* `alignment` is a power of two. NULL when memory is out. */
static void *alloc_aligned(size_t alignment, size_t size)
{
    if (alignment <= MA_ALIGNMENT) {
        return ma_malloc(size);
    }
    void *payload = alignment <= SLAB_ALIGNMENT && size <= MA_SMALL_MAX
                        ? alloc_aligned_object(alignment, size)
                        : NULL;
    if (payload != NULL) {
        return payload;
    }
    if (alignment > PTRDIFF_MAX || size > PTRDIFF_MAX - alignment || !heap_start()) {
        return NULL;
    }
    if (checked_is_on()) {
        return checked_alloc(alignment, size, false);
    }
    if (size < MEDIUM_REQUEST_MAX) {
        open_front();
        payload = front_take_aligned(alignment, size);
    }
    return payload != NULL ? payload : heap_alloc_aligned(alignment, medium_round(size));
}

void *ma_aligned_alloc(size_t alignment, size_t size)
{
    if (!bits_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return or_enomem(alloc_aligned(alignment, size));
}

int ma_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (!bits_is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    int saved_errno = errno;
    void *payload = alloc_aligned(alignment, size);
    errno = saved_errno;
    if (payload == NULL) {
        return ENOMEM;
    }
    *out = payload;
    return 0;
}

void *ma_memalign(size_t alignment, size_t size)
{
    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    size_t power = MA_ALIGNMENT;
    while (power < alignment) {
        power <<= 1;
    }
    return or_enomem(alloc_aligned(power, size));
}
