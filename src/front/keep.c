/*
 * What a thread heap keeps of the blocks that its thread releases: where that takes more than a place in the cache.
 */
#include "front/registry.h"
#include "front/theap.h"

#include <errno.h>

void theap_bound_cache(struct theap *heap)
{
    int saved_errno = errno; /* the core may give memory back to the system */
    heap->keep_left = THEAP_LIMIT_AGE;
    heap->share = registry_cache_limit();
    heap->cache_limit = medium_is_asked(&heap->medium) ? heap->share : 0;
    medium_bound(&heap->medium, heap->cache_limit);
    errno = saved_errno;
}

/* Whether a payload has an alignment that those of slabs need not have: it may have been asked for. */
static bool is_beyond_slabs(const void *payload)
{
    return (uintptr_t)payload % (2 * SLAB_ALIGNMENT) == 0;
}

/* Whether the cache may hold `size` bytes more. Where it holds all that it may, larger blocks make room. */
static bool may_hold(struct theap *heap, size_t size)
{
    struct medium *medium = &heap->medium;
    if (heap->keep_left == 0) {
        theap_bound_cache(heap);
    }
    heap->keep_left--;
    if (medium->bytes + size <= heap->cache_limit) {
        return true;
    }
    if (size > heap->cache_limit || medium_is_among_largest(medium, size)) {
        return false;
    }
    medium_bound(medium, heap->cache_limit - size);
    return true;
}

/* The rest of theap_keep(), of a block of `size` bytes that may be cached. */
static bool keep_or_release(struct theap *heap, struct mem_block *b, size_t size)
{
    struct medium *medium = &heap->medium;
    bool is_for_slabs = theap_has_slab(heap, size - MB_OVERHEAD) && !is_beyond_slabs(mb_payload(b));
    if (!is_for_slabs && may_hold(heap, size) &&
        (medium_has_room(medium, medium_bin(size)) || medium_make_room(medium, size))) {
        medium_add(medium, b, size, medium_bin(size));
        return true;
    }
    medium_note_released(medium, size);
    return medium_release(medium, b, size, heap->share);
}

bool theap_keep(struct theap *heap, struct mem_block *b)
{
    if (theap_keep_at_once(heap, b)) {
        return true;
    }
    if (!medium_caches(mb_size(b))) {
        return false;
    }
    int saved_errno = errno; /* as above */
    bool is_kept = keep_or_release(heap, b, mb_size(b));
    errno = saved_errno;
    return is_kept;
}
