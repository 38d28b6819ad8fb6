/*
 * The list of heaps at rest.
 */
#include "front/resting.h"

#include "front/lists.h"
#include "front/registry.h"

static struct theap *last;   /* the one that was left last */
static size_t resting_count; /* atomic */

static void count(int change)
{
    __atomic_store_n(&resting_count, resting_count + (size_t)change, __ATOMIC_RELAXED);
}

size_t resting_limit(void)
{
    return __atomic_load_n(&resting_count, __ATOMIC_RELAXED) < MA_REST_COUNT
               ? bits_min(registry_cache_limit(), MA_REST_BYTES)
               : 0;
}

static void flush(struct theap *heap)
{
    medium_flush(&heap->medium);
    lists_release_empties(heap, 0);
}

void resting_push(struct theap *heap)
{
    if (resting_count >= MA_REST_COUNT) { /* others have come to rest meanwhile */
        flush(heap);
    }
    if (medium_all_bytes(&heap->medium) > 0 || heap->slabs != 0) {
        theap_rest(heap);
        heap->rest_next = last;
        last = heap;
        count(1);
    }
}

struct theap *resting_pop(void)
{
    struct theap *heap = last;
    if (heap != NULL) {
        last = heap->rest_next;
        count(-1);
    }
    return heap;
}

bool resting_flush(void)
{
    bool has_any = last != NULL;
    struct theap *heap;
    while ((heap = resting_pop()) != NULL) {
        flush(heap);
    }
    return has_any;
}

void resting_forget(void)
{
    last = NULL;
    count(-(int)resting_count);
}
