/*
 * How large a payload is, and the frees that are told.
 */
#include "ma.h"

#include "api/checked_alloc.h"
#include "api/fast.h"
#include "api/foreign.h"
#include "base/bits.h"
#include "base/options.h"
#include "check/sample.h"
#include "core/cores.h"
#include "front/front.h"
#include "front/live_map.h"

#include <stdint.h>

static size_t usable_size(const void *payload, const char *caller)
{
    if (sample_owns(payload)) {
        return sample_usable_size(payload, caller);
    }
    if (checked_is_on() && checked_has(payload)) {
        return checked_usable_size(payload, caller);
    }
    const struct slab *slab = slab_of(payload);
    if (slab != NULL) {
        slab_check_object(slab, payload, caller);
        live_map_require(slab, payload, caller);
        return class_size(slab->size_class);
    }
    const struct segment *segment = space_segment_of(payload);
    return segment != NULL ? mb_usable(medium_block_of(segment, payload, caller))
                           : foreign_usable_size(payload);
}

/*
 * Whether a request of `size` bytes can have given `usable` ones: an object of a slab perhaps as an aligned one, so that it was
 * rounded up to what its size is a multiple of. Those that are not small may have grown in steps, each with an eighth to spare,
 * and be taken from a cache, which may waste a quarter.
 */
static inline bool can_be_for(bool has_class, size_t usable, size_t size)
{
    size_t unit = usable & -usable;
    size_t rounded = unit < SLAB_ALIGNMENT ? unit : SLAB_ALIGNMENT;
    size_t slack = (has_class ? rounded : MB_MIN + MA_ALIGNMENT) +
                   (usable > MA_SLACK_MIN ? usable / (has_class ? MA_SLACK_SHARE / 2 : 3) : 0);
    return size <= usable && (usable - size < slack || (size == 0 && usable == rounded));
}

/* Abort unless a request of `size` bytes can have given this payload. */
static void check_size(const void *payload, size_t size, const char *caller)
{
    bool has_class = slab_of(payload) != NULL || sample_owns(payload);
    if (!has_class && cores_owner_of(payload) == NULL) {
        return;
    }
    size_t usable = usable_size(payload, caller);
    bool can_be = checked_is_on() && checked_has(payload) ? size == usable
                                                          : can_be_for(has_class, usable, size);
    MA_CHECK(can_be, "%s(%p, %zu): wrong size: the block has %zu usable bytes", caller, payload,
             size, usable);
}

/* Whether `size` is right at the first look, as it is for nearly every object; ma_free() checks
 * that one begins there. */
static inline bool has_class_of(const void *payload, size_t size)
{
    size_t number = space_granule_number(payload);
    const struct granule *granule = &space_map.granules[number];
    return space_has_granule(number) && granule_owner_word(granule) != 0 && size <= MA_SMALL_MAX &&
           size > 0 && class_serves(granule->size_class, class_of(size));
}

/* The same of a block of the core; ma_free() looks behind it. */
static inline bool has_block_of(const void *payload, size_t size)
{
    size_t block_size = segment_of_block(payload) != NULL ? medium_size_at_once(payload) : 0;
    return block_size != 0 && !options.is_watched &&
           can_be_for(false, block_size - MB_OVERHEAD, size);
}

static __attribute__((noinline)) void free_sized_slow(void *payload, size_t size)
{
    if (has_block_of(payload, size) || has_class_of(payload, size)) {
        ma_free(payload);
    } else if (payload != NULL) {
        check_size(payload, size, "free_sized");
        ma_free(payload);
    }
}

void ma_free_sized(void *payload, size_t size)
{
    if (__builtin_expect(!fast_free_sized(payload, size), 0)) {
        free_sized_slow(payload, size);
    }
}

void ma_free_aligned_sized(void *payload, size_t alignment, size_t size)
{
    if (payload != NULL) {
        MA_CHECK(bits_is_power_of_two(alignment) && (uintptr_t)payload % alignment == 0,
                 "free_aligned_sized(%p, %zu, %zu): the payload does not have that alignment",
                 payload, alignment, size);
        check_size(payload, size, "free_aligned_sized");
        ma_free(payload);
    }
}

static __attribute__((noinline)) size_t usable_size_slow(const void *payload)
{
    const struct segment *segment = segment_of_block(payload);
    if (segment != NULL && !options.is_watched) {
        return mb_usable(medium_block_of(segment, payload, "malloc_usable_size"));
    }
    return payload != NULL ? usable_size(payload, "malloc_usable_size") : 0;
}

/* A live small object is what most ask about: some programs with each allocation and each free. */
size_t ma_usable_size(const void *payload)
{
    size_t number = space_granule_number(payload);
    if (__builtin_expect(space_has_granule(number) && !options.is_slow, 1)) {
        const struct granule *granule = &space_map.granules[number];
        if (__builtin_expect(granule_has_live(granule, payload), 1)) {
            return class_size(granule->size_class);
        }
    }
    return usable_size_slow(payload);
}
