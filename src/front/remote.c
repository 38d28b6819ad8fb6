/*
 * Frees by threads that do not own the slab.
 */
#include "front/remote.h"

#include "front/registry.h"
#include "front/theap.h"

static uint64_t word_of(const struct object *first, size_t count, uint64_t flag)
{
    return (uint64_t)(uintptr_t)first | (uint64_t)count << REMOTE_COUNT_SHIFT | flag;
}

/* Put `slab` into a thread heap's inbox. False: the inbox is closed, its thread is about to end
 * or has ended. */
static bool inbox_push(struct theap *owner, struct slab *slab)
{
    granule_index first = __atomic_load_n(&owner->inbox, __ATOMIC_RELAXED);
    do {
        if (first == INBOX_CLOSED) {
            return false;
        }
        __atomic_store_n(&slab_remote(slab)->inbox_next, first, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&owner->inbox, &first, slab_index(slab), true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    return true;
}

/*
 * The owner may give the slab up between our look at it and the push. Its inbox is closed
 * only after its slabs have become orphans, so that the next turn sees another owner.
 */
void remote_post(struct slab *slab)
{
    for (;;) {
        struct theap *owner = slab_owner(slab);
        if (owner == OWNER_ORPHAN ? registry_take_note(slab) : inbox_push(owner, slab)) {
            return;
        }
    }
}

void remote_push(struct slab *slab, struct object *first, struct object *last, size_t count)
{
    uint64_t old = __atomic_load_n(&slab_remote(slab)->word, __ATOMIC_RELAXED);
    uint64_t new;
    do {
        last->next = remote_object(old);
        new = word_of(first, (size_t)(old >> REMOTE_COUNT_SHIFT) + count, REMOTE_POSTED);
    } while (!__atomic_compare_exchange_n(&slab_remote(slab)->word, &old, new, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if ((old & REMOTE_POSTED) == 0) {
        remote_post(slab);
    }
}

void remote_remind(struct slab *slab)
{
    uint64_t *word = &slab_remote(slab)->word;
    if ((__atomic_fetch_or(word, REMOTE_POSTED, __ATOMIC_ACQ_REL) & REMOTE_POSTED) == 0) {
        remote_post(slab);
    }
}

/* The last object of a list. */
static struct object *last_of(struct object *o)
{
    while (o->next != NULL) {
        o = o->next;
    }
    return o;
}

bool remote_collect(struct slab *slab)
{
    /* After the owner was set, in one order with it: see registry_take_note(). */
    uint64_t old = __atomic_load_n(&slab_remote(slab)->word, __ATOMIC_SEQ_CST);
    uint64_t new;
    do {
        new = old &REMOTE_POSTED;
    } while (old != new && !__atomic_compare_exchange_n(&slab_remote(slab)->word, &old, new, true,
                                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    struct object *first = remote_object(old);
    if (first == NULL) {
        return false;
    }
    if (slab->free != NULL) {
        last_of(first)->next = slab->free;
    }
    slab->free = first;
    slab_set_used(slab, slab_used(slab) - (size_t)(old >> REMOTE_COUNT_SHIFT));
    return true;
}

void remote_unpost(struct slab *slab)
{
    __atomic_and_fetch(&slab_remote(slab)->word, ~REMOTE_POSTED, __ATOMIC_ACQ_REL);
}

void remote_forget(struct slab *slab)
{
    __atomic_store_n(&slab_remote(slab)->word, 0, __ATOMIC_RELAXED);
    slab_set_used(slab, 0);
}
