/*
 * When the pages of thin slabs go back.
 */
#include "front/thin.h"

#include "core/cores.h"
#include "front/lists.h"

/* A slow call purges so many thin slabs at most, and looks at so many slabs for them. */
enum { PURGE_COUNT = 16, SCAN_COUNT = 256 };

/* The clock is looked at once in so many slow calls. */
enum { CLOCK_COUNT = 64 };

bool thin_purge(struct theap *heap, struct slab *slab)
{
    lists_remove(heap, slab);
    bool has_any = slab_purge(slab);
    lists_push(heap, slab, slab_absent(slab) != 0 ? SLAB_SPARSE : SLAB_PARTIAL);
    return has_any;
}

/* Purge some of the thin slabs that are to be. */
static void purge_due(struct theap *heap)
{
    int purged = 0;
    for (int i = 0; i < SCAN_COUNT && purged < PURGE_COUNT; i++) {
        granule_index index = heap->purge_next != 0 ? heap->purge_next : heap->slabs;
        struct slab *slab = slab_number(index);
        heap->purge_next = slab->sibling_next;
        if (slab->state == SLAB_THIN) {
            thin_purge(heap, slab);
            purged++;
        }
    }
    heap->purge_due -= (size_t)purged < heap->purge_due ? (size_t)purged : heap->purge_due;
}

void thin_purge_some(struct theap *heap)
{
    if (heap->thin.amount == 0) {
        heap->purge_due = 0;
        return;
    }
    if (heap->purge_due == 0 && ++heap->slow_count % CLOCK_COUNT == 0) {
        size_t most = (MA_DIRTY_MIN + cores_heap_bytes() / MA_DIRTY_SHARE) / MA_GRANULE;
        heap->purge_due = decay_due(&heap->thin, most);
    }
    if (heap->purge_due > 0) {
        purge_due(heap);
    }
}
