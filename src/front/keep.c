/*
 * What a thread heap keeps of the blocks that its thread releases: where that takes more than a place in the cache.
 */
#include "front/registry.h"
#include "front/theap.h"

#include <errno.h>

void theap_bound_cache(struct theap *heap)
{
    int saved_errno = errno; /* the core may give memory back to the system */
    heap->kept_count = 0;
    heap->cache_limit = registry_cache_limit();
    medium_bound(&heap->medium, heap->cache_limit);
    errno = saved_errno;
}

/* Whether a payload has an alignment that those of slabs need not have: it may have been asked for. */
static bool is_beyond_slabs(const void *payload)
{
    return (uintptr_t)payload % (2 * SLAB_ALIGNMENT) == 0;
}

bool theap_keep_slow(struct theap *heap, struct mem_block *b, size_t size)
{
    int saved_errno = errno; /* as above */
    struct medium *medium = &heap->medium;
    bool is_for_slabs = theap_has_slab(heap, size - MB_OVERHEAD) && !is_beyond_slabs(mb_payload(b));
    bool is_kept =
        !is_for_slabs && (medium_has_room(medium, size) || medium_make_room(medium, size));
    if (is_kept) {
        medium_add(medium, b, size);
    } else {
        medium_note_released(medium, size);
        is_kept = medium_release(medium, b, size);
    }
    if (medium->bytes > heap->cache_limit) {
        theap_bound_cache(heap);
    }
    errno = saved_errno;
    return is_kept;
}
