/*
 * The slabs that are put apart are linked as they were in the inbox.
 */
#include "front/waiting.h"

#include "front/lists.h"
#include "front/remote.h"

static MA_RARE bool is_left_alone(const struct theap *heap, const struct slab *slab)
{
    return slab_owner(slab) == heap && slab->state != SLAB_CURRENT &&
           slab_used(slab) == remote_count_of(slab);
}

bool waiting_put_apart(struct theap *heap)
{
    granule_index inbox =
        waiting_exist(heap) ? __atomic_exchange_n(&heap->inbox, 0, __ATOMIC_ACQUIRE) : 0;
    while (inbox != 0) {
        struct slab *slab = remote_pop_posted(&inbox);
        if (is_left_alone(heap, slab)) {
            __atomic_store_n(&slab_remote(slab)->inbox_next, heap->apart, __ATOMIC_RELAXED);
            heap->apart = slab_index(slab);
        } else {
            remote_post(slab);
        }
    }
    return heap->apart != 0;
}

granule_index waiting_take(struct theap *heap, granule_index chain)
{
    while (heap->apart != 0) {
        struct slab *slab = remote_pop_posted(&heap->apart);
        if (!is_left_alone(heap, slab)) {
            remote_post(slab);
            continue;
        }
        lists_take_out(heap, slab);
        remote_forget(slab);
        slab->next = chain;
        chain = slab_index(slab);
    }
    return chain;
}

void waiting_put_back(struct theap *heap)
{
    while (heap->apart != 0) {
        remote_post(remote_pop_posted(&heap->apart));
    }
}
