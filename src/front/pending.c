/*
 * What a thread frees in the slabs of others, and passes on in chains.
 */
#include "front/registry.h"
#include "front/remote.h"
#include "front/theap.h"

static void flush_one(struct pending *pending)
{
    struct slab *slab = pending->slab;
    pending->slab = NULL;
    remote_push(slab, pending->first, pending->last, pending->count);
}

void theap_flush(struct theap *heap)
{
    for (size_t i = 0; i < PENDING_COUNT; i++) {
        if (heap->pending[i].slab != NULL) {
            flush_one(&heap->pending[i]);
        }
    }
}

/* Those of the chain, whatever the count says. */
static size_t count_held(const struct pending *pending)
{
    size_t count = 1;
    for (const struct object *o = pending->first; o != pending->last && count < MA_PENDING_COUNT;
         o = o->next) {
        count++;
    }
    return count;
}

void theap_flush_vanished(struct theap *heap)
{
    for (size_t i = 0; i < PENDING_COUNT; i++) {
        struct pending *pending = &heap->pending[i];
        pending->count = pending->slab != NULL ? count_held(pending) : 0;
    }
    theap_flush(heap);
}

/* How many objects of a slab a thread holds back at most. */
static size_t pending_limit(const struct slab *slab)
{
    size_t count = MA_PENDING_BYTES / class_size(slab_granule(slab)->size_class);
    return count < MA_PENDING_COUNT ? count : MA_PENDING_COUNT;
}

/* Whether the heap was ever asked for an object of the class. */
static bool has_asked_for(const struct theap *heap, size_t size_class)
{
    return (heap->warmth[size_class] | heap->warmth[class_group(size_class)]) != 0;
}

/* Who frees in an orphan, and asks for such objects, is probably the heir of all that lies there: free the object in it as one of
 * the heap's own. False: it is none. */
static bool free_in_orphan(struct theap *heap, struct slab *slab, struct object *o)
{
    if (slab_owner(slab) != OWNER_ORPHAN || heap->is_leaving || slab_absent(slab) != 0 ||
        !has_asked_for(heap, slab->size_class) || heap->adopted_count >= MA_ADOPT_COUNT ||
        !theap_begin(heap)) {
        return false;
    }
    theap_read_inbox(
        heap); /* who seldom allocates looks there nowhere else, and may have adopted many */
    if (!registry_adopt_slab(heap, slab)) {
        return false;
    }
    heap->adopted_count++;
    slab_push(slab, o, object_mark(o));
    theap_notified(heap, slab);
    return true;
}

void theap_free_remote(struct theap *heap, struct slab *slab, struct object *o)
{
    if (free_in_orphan(heap, slab, o)) {
        return;
    }
    struct pending *pending = &heap->pending[slab_index(slab) % PENDING_COUNT];
    object_set_mark(o);
    if (pending->slab != slab) {
        if (pending->slab != NULL) {
            flush_one(pending);
        }
        o->next = NULL;
        pending->first = o;
        pending->last = o;
        pending->count = 1;
        __atomic_signal_fence(
            __ATOMIC_RELEASE); /* a fork may stop this thread here: see registry_after_fork() */
        pending->slab = slab;
        return;
    }
    o->next = pending->first;
    __atomic_signal_fence(__ATOMIC_RELEASE); /* as above */
    pending->first = o;
    if (++pending->count >= pending_limit(slab)) {
        flush_one(pending);
    }
}
