/*
 * The lists of a thread heap's slabs.
 */
#include "front/lists.h"

#include "front/remote.h"

#include <string.h>

/* The list of slabs that may serve the class of this one, in which it is or is to be. */
static granule_index *list_of(struct theap *heap, const struct slab *slab)
{
    return slab->state == SLAB_SPARSE ? &heap->sparse[slab->size_class]
                                      : &heap->partial[slab->size_class];
}

void lists_push(struct theap *heap, struct slab *slab, enum slab_state state)
{
    size_t remote_count = remote_count_of(slab);
    size_t live_count = slab_used(slab) - remote_count;
    slab->state = state & 0x7fU;
    slab_set_notify(slab, remote_count + (live_count > THIN_MAX ? THIN_MAX : live_count / 2));
    granule_index *head = list_of(heap, slab);
    slab->next = *head;
    slab->prev = 0;
    if (*head != 0) {
        slab_number(*head)->prev = slab_index(slab);
    }
    *head = slab_index(slab);
}

void lists_remove(struct theap *heap, struct slab *slab)
{
    if (slab->next != 0) {
        slab_number(slab->next)->prev = slab->prev;
    }
    *(slab->prev != 0 ? &slab_number(slab->prev)->next : list_of(heap, slab)) = slab->next;
    if (slab->state == SLAB_THIN) {
        decay_subtract(&heap->thin, 1);
    }
}

void lists_push_sibling(struct theap *heap, struct slab *slab)
{
    slab->sibling_next = heap->slabs;
    slab->sibling_prev = 0;
    if (heap->slabs != 0) {
        slab_number(heap->slabs)->sibling_prev = slab_index(slab);
    }
    heap->slabs = slab_index(slab);
}

void lists_remove_sibling(struct theap *heap, struct slab *slab)
{
    if (slab->sibling_next != 0) {
        slab_number(slab->sibling_next)->sibling_prev = slab->sibling_prev;
    }
    if (heap->purge_next == slab_index(slab)) {
        heap->purge_next = slab->sibling_next;
    }
    *(slab->sibling_prev != 0 ? &slab_number(slab->sibling_prev)->sibling_next : &heap->slabs) =
        slab->sibling_next;
}

static void set_empty_bytes(struct theap *heap, size_t bytes)
{
    __atomic_store_n(&heap->empty_bytes, bytes, __ATOMIC_RELAXED);
}

void lists_push_empty(struct theap *heap, struct slab *slab)
{
    granule_index index = slab_index(slab);
    slab->state = SLAB_EMPTY;
    slab_set_notify(slab, SLAB_NEVER);
    slab->next = heap->newest_empty;
    slab->prev = 0;
    *(slab->next != 0 ? &slab_number(slab->next)->prev : &heap->oldest_empty) = index;
    heap->newest_empty = index;
    decay_add(&heap->empty, 1);
    set_empty_bytes(heap, heap->empty_bytes + slab_carved_bytes(slab));
}

void lists_remove_empty(struct theap *heap, struct slab *slab)
{
    *(slab->next != 0 ? &slab_number(slab->next)->prev : &heap->oldest_empty) = slab->prev;
    *(slab->prev != 0 ? &slab_number(slab->prev)->next : &heap->newest_empty) = slab->next;
    decay_subtract(&heap->empty, 1);
    set_empty_bytes(heap, heap->empty_bytes - slab_carved_bytes(slab));
}

void lists_note_created(struct theap *heap, size_t size_class)
{
    uint16_t *created = &heap->created[size_class];
    *created = (uint16_t)(*created + (*created < UINT16_MAX));
}

void lists_forget_created(struct theap *heap, size_t size_class)
{
    uint16_t *created = &heap->created[size_class];
    *created = (uint16_t)(*created - (*created > 0));
}

void lists_take_out(struct theap *heap, struct slab *slab)
{
    if (slab->state == SLAB_EMPTY) {
        lists_remove_empty(heap, slab);
    } else if (lists_may_serve(slab)) {
        lists_remove(heap, slab);
    }
    lists_remove_sibling(heap, slab);
    lists_forget_created(heap, slab->size_class);
}

void lists_release(struct theap *heap, struct slab *slab)
{
    lists_take_out(heap, slab);
    slab_destroy(slab);
}

granule_index lists_take_empties(struct theap *heap, granule_index chain)
{
    while (heap->oldest_empty != 0) {
        struct slab *slab = slab_number(heap->oldest_empty);
        lists_take_out(heap, slab);
        slab->next = chain;
        chain = slab_index(slab);
    }
    return chain;
}

void lists_release_empties(struct theap *heap, size_t limit)
{
    while (heap->oldest_empty != 0 && (heap->empty_bytes > limit || limit == 0)) {
        lists_release(heap, slab_number(heap->oldest_empty));
    }
}

/* Hear anew of what others have freed in the slab, which is in no inbox, though it may be POSTED. */
static void post_anew(struct slab *slab)
{
    remote_unpost(slab);
    if (remote_count_of(slab) > 0) {
        __atomic_fetch_or(&slab_remote(slab)->word, REMOTE_POSTED, __ATOMIC_RELAXED);
        remote_post(slab);
    }
}

void lists_post_all_anew(struct theap *heap)
{
    __atomic_store_n(&heap->inbox, 0, __ATOMIC_RELAXED);
    for (granule_index i = heap->slabs; i != 0; i = slab_number(i)->sibling_next) {
        post_anew(slab_number(i));
    }
}

/* A slab that serves nothing now is as if it were full, until another thread frees one of its objects. */
void lists_lose(struct theap *heap)
{
    lists_lose_empties(heap);
    memset(heap->partial, 0, sizeof(heap->partial));
    memset(heap->sparse, 0, sizeof(heap->sparse));
    heap->thin = (struct decay){0};
    heap->purge_due = 0;
    heap->purge_next = 0;
    heap->slabs = 0;
    heap->apart = 0;
    for (size_t i = 1; i < space_map.granule_count; i++) {
        struct slab *slab = slab_number((granule_index)i);
        if (slab_owner(slab) != heap) {
            continue;
        }
        lists_push_sibling(heap, slab);
        if (slab->state != SLAB_CURRENT) {
            slab->state = SLAB_FULL;
            slab_set_notify(slab, SLAB_NEVER);
        }
    }
    lists_post_all_anew(heap);
}

void lists_lose_empties(struct theap *heap)
{
    heap->newest_empty = 0;
    heap->oldest_empty = 0;
    heap->empty = (struct decay){0};
    heap->empty_due = 0;
    set_empty_bytes(heap, 0);
}
