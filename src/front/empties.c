/*
 * When empty slabs go back.
 */
#include "front/empties.h"

#include "front/lists.h"
#include "front/registry.h"

/* A call releases so many of those that were not needed for a while. */
enum { RELEASE_COUNT = 4 };

/* The clock is looked at once in so many calls. */
enum { CLOCK_COUNT = 32 };

/* Release some of those that are due. */
static void release_due(struct theap *heap)
{
    for (int i = 0; i < RELEASE_COUNT && heap->empty_due > 0 && heap->oldest_empty != 0; i++) {
        lists_release(heap, slab_number(heap->oldest_empty));
        heap->empty_due--;
    }
}

void empties_bound(struct theap *heap)
{
    if (heap->oldest_empty == 0) {
        heap->empty_due = 0;
        return;
    }
    lists_release_empties(heap, registry_empty_limit());
    if (heap->empty_due == 0 && ++heap->empty_looks % CLOCK_COUNT == 0) {
        heap->empty_due = decay_due(&heap->empty, registry_cache_limit() / MA_GRANULE);
    }
    release_due(heap);
}

void empties_shed(struct theap *heap)
{
    size_t keep = heap->empty_bytes / 2;
    lists_release_empties(heap, keep < MA_GRANULE ? 0 : keep);
}
