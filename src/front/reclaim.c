/*
 * What a heap has cached is its owner's to touch, without a lock or a fence: this is the one exception.
 *
 * The owner stores that it is inside the allocator, and then loads whether its heap is shut. Here the heap is shut first, and
 * it is looked afterwards whether the owner is inside. The owner's load may be early, before its own store can be seen; but
 * no store stays unseen for as long as the pause lasts (it waits in the processor's store buffer, for microseconds at most, and
 * whatever suspends a thread empties that). So an owner that has missed the shutting is seen to be inside, and one that is
 * seen outside waits when it comes in. A barrier in the other processors (membarrier) would do without the
 * pause, but not in a sandbox.
 */
#include "front/reclaim.h"

#include "base/bits.h"
#include "core/cores.h"
#include "front/lists.h"
#include "front/parcels.h"
#include "front/registry.h"
#include "front/resting.h"
#include "front/waiting.h"
#include "os/alone.h"
#include "os/lock.h"
#include "os/os.h"

/* Dormant threads are looked for each time that slabs have taken LOOK_MIN bytes and 1/LOOK_SHARE of the heap, or that it has grown by as
 * much; and by twice as much whenever nothing was found, up to 2^PATIENCE_MAX times. */
#define LOOK_MIN ((size_t)2 << 20)
#define LOOK_SHARE 16
#define PATIENCE_MAX 6U

/* Atomic: bytes of the heap at the last look, or since, if there were fewer; and what slabs have taken since. */
static size_t looked_at;
static size_t taken_bytes;

/* Atomic, and written under the registry's lock: how often nothing was found, in a row. */
static unsigned patience;

/* What was taken from heaps. */
struct loot {
    struct object *blocks;
    granule_index slabs;
};

static bool has_any(const struct theap *heap)
{
    return theap_cached_bytes(heap) > 0 || waiting_exist(heap);
}

/* Whether the inbox has waited for the owner since the last look. It is looked at again with the next. */
static bool is_dormant(struct theap *heap)
{
    bool was_overdue = __atomic_load_n(&heap->is_overdue, __ATOMIC_RELAXED);
    bool is_overdue = waiting_exist(heap);
    __atomic_store_n(&heap->is_overdue, is_overdue, __ATOMIC_RELAXED);
    return was_overdue && is_overdue;
}

/* Shut the heaps of other threads that are to be looked into. False: there are none. */
static bool shut_locked(const struct theap *mine, bool dormant_only)
{
    bool is_any = false;
    for (struct theap *heap = registry_heaps(); heap != NULL; heap = heap->next) {
        if (heap != mine && heap->is_taken && (dormant_only ? is_dormant(heap) : has_any(heap))) {
            __atomic_store_n(&heap->is_shut, true, __ATOMIC_SEQ_CST);
            is_any = true;
        }
    }
    return is_any;
}

/*
 * What the last of a thread's destructors ask for makes a heap of whose end nobody hears: the owner's word goes with the thread's stack then,
 * and who is gone is not outside.
 */
static bool is_outside(const struct theap *heap)
{
    return os_word_is(heap->pointer, owner_distance(heap)) ||
           os_word_is(heap->pointer, owner_distance(THEAP_SLOW));
}

/* Put apart what waits in the shut heaps. False: there is nothing. */
static bool put_apart_locked(void)
{
    bool is_any = false;
    for (struct theap *heap = registry_heaps(); heap != NULL; heap = heap->next) {
        if (heap->is_shut && is_outside(heap)) {
            heap->is_searched = true;
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
            is_any |= waiting_put_apart(heap);
        }
    }
    return is_any;
}

/* Take what a shut heap has. Waits for nobody: the owner may wait for this in a handler that has interrupted a core. */
static void take_locked(struct theap *heap, bool with_cached, struct loot *loot)
{
    if (!heap->is_searched || !is_outside(heap)) {
        waiting_put_back(heap);
        return;
    }
    loot->slabs = waiting_take(heap, loot->slabs);
    if (with_cached) {
        loot->blocks = medium_take_all(&heap->medium, loot->blocks);
        registry_forget_swing(heap);
        loot->slabs = lists_take_empties(heap, loot->slabs);
    }
}

/* Give it to the core. False: it is nothing. */
static bool give_to_core(struct loot loot)
{
    bool has_loot = loot.blocks != NULL || loot.slabs != 0;
    cores_free_chain(loot.blocks);
    while (loot.slabs != 0) {
        struct slab *slab = slab_number(loot.slabs);
        loot.slabs = slab->next;
        slab_destroy(slab);
    }
    return has_loot;
}

/* Take what the shut heaps have, unless their owners are inside the allocator, and open them. False: it is nothing. */
static MA_RARE bool empty_shut_locked(bool with_cached)
{
    struct loot loot = {NULL, 0};
    lock_pause(1);
    if (put_apart_locked()) {
        lock_pause(1);
    }
    for (struct theap *heap = registry_heaps(); heap != NULL; heap = heap->next) {
        if (heap->is_shut) {
            take_locked(heap, with_cached, &loot);
            heap->is_searched = false;
            __atomic_store_n(&heap->is_shut, false, __ATOMIC_RELEASE);
        }
    }
    return give_to_core(loot);
}

bool reclaim_all(const struct theap *mine)
{
    if (!registry_hold()) {
        return false;
    }
    bool had_waiting = resting_flush();
    had_waiting |= parcels_flush();
    bool has_loot = shut_locked(mine, false) && empty_shut_locked(true);
    registry_let_go();
    return has_loot || had_waiting;
}

/* Whether the next look is due; `taken`: what slabs have taken since the last. */
static bool is_due(size_t taken)
{
    size_t now = cores_heap_bytes();
    size_t then = __atomic_load_n(&looked_at, __ATOMIC_RELAXED);
    if (now < then) {
        __atomic_store_n(&looked_at, now, __ATOMIC_RELAXED);
        then = now;
    }
    size_t step = (LOOK_MIN + then / LOOK_SHARE) << __atomic_load_n(&patience, __ATOMIC_RELAXED);
    return bits_max(taken, now - then) >= step;
}

static void look_locked(const struct theap *mine)
{
    /* Now, that others do not come to wait for this; and afterwards. */
    __atomic_store_n(&taken_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&looked_at, cores_heap_bytes(), __ATOMIC_RELAXED);
    if (shut_locked(mine, true)) {
        bool was_worth_it = empty_shut_locked(false);
        unsigned more = patience < PATIENCE_MAX ? patience + 1 : PATIENCE_MAX;
        __atomic_store_n(&patience, was_worth_it ? 0 : more, __ATOMIC_RELAXED);
    }
    /* Others may have taken much during the pauses: nobody is dormant for that. */
    __atomic_store_n(&taken_bytes, 0, __ATOMIC_RELAXED);
}

void reclaim_dormant(const struct theap *mine, size_t bytes)
{
    if (os_is_alone() || cores_are_entered()) {
        return;
    }
    size_t taken = bytes != 0 ? __atomic_add_fetch(&taken_bytes, bytes, __ATOMIC_RELAXED)
                              : __atomic_load_n(&taken_bytes, __ATOMIC_RELAXED);
    if (!is_due(taken) || !registry_hold()) {
        return;
    }
    /* Another thread may have looked meanwhile. */
    if (is_due(__atomic_load_n(&taken_bytes, __ATOMIC_RELAXED))) {
        look_locked(mine);
    }
    registry_let_go();
}
