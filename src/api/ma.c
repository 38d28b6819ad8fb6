/*
 * The public allocation functions: what sizes, alignments and errno mean.
 *
 * The rules are the standards', and glibc's where those leave room.
 */
#include "ma.h"

#include "api/foreign.h"
#include "api/heap.h"
#include "base/bits.h"

#include <errno.h>
#include <stdint.h>

/* What an allocating function returns: `payload`, or NULL with errno ENOMEM. */
static void *or_enomem(void *payload)
{
    if (__builtin_expect(payload == NULL, 0)) {
        errno = ENOMEM;
    }
    return payload;
}

void *ma_malloc(size_t size)
{
    return or_enomem(size <= PTRDIFF_MAX ? heap_alloc(size) : NULL);
}

void *ma_calloc(size_t count, size_t size)
{
    size_t total;
    bool fits = !__builtin_mul_overflow(count, size, &total) && total <= PTRDIFF_MAX;
    return or_enomem(fits ? heap_alloc_zeroed(total) : NULL);
}

void ma_free(void *payload)
{
    if (payload == NULL) {
        return;
    }
    int saved_errno = errno;
    struct ma_core *core = heap_core_of(payload);
    if (core != NULL) {
        heap_free(core, payload);
    } else {
        foreign_free(payload);
    }
    errno = saved_errno;
}

void *ma_realloc(void *payload, size_t size)
{
    if (payload == NULL) {
        return ma_malloc(size);
    }
    struct ma_core *core = heap_core_of(payload);
    if (core == NULL) {
        return foreign_realloc(payload, size);
    }
    if (size == 0) {
        ma_free(payload);
        return NULL;
    }
    return or_enomem(size <= PTRDIFF_MAX ? heap_realloc(core, payload, size) : NULL);
}

void *ma_reallocarray(void *payload, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return or_enomem(NULL);
    }
    return ma_realloc(payload, total);
}

/* `alignment` is a power of two. NULL when memory is out. */
static void *alloc_aligned(size_t alignment, size_t size)
{
    bool fits = alignment <= PTRDIFF_MAX && size <= PTRDIFF_MAX - alignment;
    return fits ? heap_alloc_aligned(alignment, size) : NULL;
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

/* Abort unless a request of `size` bytes can have given a block of these `usable` bytes. */
static void check_size(const void *payload, size_t size, const char *caller)
{
    if (heap_core_of(payload) == NULL) {
        return;
    }
    size_t usable = core_usable_size(payload, caller);
    bool can_be = size <= usable && usable - size < MB_MIN + MA_ALIGNMENT;
    MA_CHECK(can_be, "%s(%p, %zu): wrong size: the block has %zu usable bytes", caller, payload,
             size, usable);
}

void ma_free_sized(void *payload, size_t size)
{
    if (payload != NULL) {
        check_size(payload, size, "free_sized");
    }
    ma_free(payload);
}

void ma_free_aligned_sized(void *payload, size_t alignment, size_t size)
{
    if (payload != NULL) {
        MA_CHECK(bits_is_power_of_two(alignment) && (uintptr_t)payload % alignment == 0,
                 "free_aligned_sized(%p, %zu, %zu): the payload does not have that alignment",
                 payload, alignment, size);
        check_size(payload, size, "free_aligned_sized");
    }
    ma_free(payload);
}

size_t ma_usable_size(const void *payload)
{
    if (payload == NULL) {
        return 0;
    }
    return heap_core_of(payload) != NULL ? core_usable_size(payload, "malloc_usable_size")
                                         : foreign_usable_size(payload);
}
