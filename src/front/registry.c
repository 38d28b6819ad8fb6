/*
 * All thread heaps, and the slabs that have none.
 */
#include "front/registry.h"

#include "core/cores.h"
#include "front/front.h"
#include "front/lists.h"
#include "front/orphans.h"
#include "front/remote.h"
#include "front/resting.h"
#include "front/room.h"
#include "os/lock.h"

static struct lock lock = {.rank = LOCK_RANK_REGISTRY};

/* Atomic: an orphan may have lost its last object while the lock was held, unseen by the holder. */
static bool has_missed;

/* Registry lock: */
static struct theap *heaps; /* all there are, those of ended threads included */
static size_t taken_count;  /* atomic; heaps that serve a thread */
static size_t swing_bytes;  /* atomic; what wide caches have been granted for their swings */

/*
 * Take the lock; false where the caller must do without.
 *
 * What a signal handler has interrupted may be the holder; or it may be inside a core, which the
 * holder waits for, so that this thread must not wait.
 */
static bool enter(void)
{
    if (lock_is_abandoned(&lock) || lock_held_by_me(&lock)) {
        return false;
    }
    if (cores_are_entered()) {
        return lock_try_acquire(&lock);
    }
    lock_acquire(&lock);
    return true;
}

/* Release the lock. What was missed meanwhile is made up for, or left to who leaves next. */
static void leave(void)
{
    do {
        if (__atomic_load_n(&has_missed, __ATOMIC_RELAXED)) {
            __atomic_store_n(&has_missed, false, __ATOMIC_SEQ_CST);
            orphans_destroy_forgotten();
        }
        lock_release(&lock);
    } while (__atomic_load_n(&has_missed, __ATOMIC_RELAXED) && enter());
}

/* A heap that serves no thread and is not at rest; NULL if there is none. Requires: none is at rest. */
static struct theap *unused_heap_locked(void)
{
    struct theap *heap = heaps;
    while (heap != NULL && heap->is_taken) {
        heap = heap->next;
    }
    return heap;
}

static struct theap *new_heap_locked(void)
{
    struct theap *heap = room_take(sizeof(struct theap));
    if (heap != NULL) {
        *heap = (struct theap){.next = heaps};
        heaps = heap;
    }
    return heap;
}

/* The heap may hold so many bytes for its swing, and no longer what it might. */
static void grant(struct theap *heap, size_t bytes)
{
    __atomic_fetch_add(&swing_bytes, bytes - heap->granted, __ATOMIC_RELAXED);
    heap->granted = bytes;
}

/* The heap serves a thread from now on; or none any more. */
static void set_taken_locked(struct theap *heap, bool is_taken)
{
    grant(heap, 0);
    heap->is_taken = is_taken;
    __atomic_store_n(&taken_count, taken_count + (is_taken ? 1 : (size_t)-1), __ATOMIC_RELAXED);
}

struct medium_places *registry_places(struct theap *heap)
{
    if (heap->places == NULL && enter()) {
        heap->places = room_take(sizeof(struct medium_places));
        leave();
    }
    return heap->places;
}

bool registry_has_one_heap(void)
{
    return __atomic_load_n(&taken_count, __ATOMIC_RELAXED) <= 1;
}

/* What caches may hold a share of. Where there are several, what the cores have free is no part of it: for what one holds the cores grow
 * when another asks, and all could hold the more. */
static size_t shared_bytes(void)
{
    size_t bytes = registry_has_one_heap() ? cores_heap_bytes() : cores_live_bytes();
    size_t fresh = slab_fresh_bytes();
    return bytes > fresh ? bytes - fresh : 0;
}

/* A thread's part of what all of them may hold. */
static size_t part_of(size_t bytes)
{
    return bytes / (__atomic_load_n(&taken_count, __ATOMIC_RELAXED) + 1);
}

/* How much a cache that is not wide may hold, where all may hold a share of `bytes`. */
static size_t narrow_limit(size_t bytes)
{
    return bits_min(part_of(MA_CACHE_BYTES + bytes / MA_CACHE_SHARE), MA_CACHE_MAX);
}

size_t registry_cache_limit(void)
{
    return narrow_limit(shared_bytes());
}

/* What is left for the swing of one heap of what all may have together. */
static size_t swing_left(const struct theap *heap)
{
    size_t others = __atomic_load_n(&swing_bytes, __ATOMIC_RELAXED) - heap->granted;
    return others < MA_CACHE_SWING_BYTES ? MA_CACHE_SWING_BYTES - others : 0;
}

size_t registry_wide_cache_limit(struct theap *heap, size_t wanted)
{
    size_t bytes = shared_bytes();
    size_t narrow = narrow_limit(bytes);
    if (registry_has_one_heap()) {
        grant(heap, 0);
        return bits_max(narrow, bits_min(bytes, MA_CACHE_WIDE_MAX));
    }
    size_t shared = bytes / 8 * MA_CACHE_WIDE_EIGHTHS;
    size_t part = part_of(shared > MA_CACHE_WIDE_LESS ? shared - MA_CACHE_WIDE_LESS : 0);
    part = bits_min(bits_max(part, narrow), MA_CACHE_WIDE_MAX);
    /* However much others have been granted, and hold while they idle, each has its part. */
    size_t most = bits_max(part + swing_left(heap), part_of(MA_CACHE_SWING_BYTES + shared));
    size_t limit = bits_max(part, bits_min(wanted, bits_min(most, MA_CACHE_WIDE_MAX)));
    grant(heap, limit - part);
    return limit;
}

void registry_forget_swing(struct theap *heap)
{
    heap->swing = (struct swing){0};
    grant(heap, 0);
}

size_t registry_empty_limit(void)
{
    return part_of(MA_EMPTY_BYTES + shared_bytes() / MA_EMPTY_SHARE);
}

struct theap *registry_enter(void)
{
    if (!enter()) {
        return NULL;
    }
    struct theap *heap = resting_pop();
    if (heap != NULL) {
        theap_wake(heap);
    } else {
        heap = unused_heap_locked();
        heap = heap != NULL ? heap : new_heap_locked();
        if (heap != NULL) {
            theap_init(heap);
        }
    }
    if (heap != NULL) {
        heap->pointer = &front_offset;
        set_taken_locked(heap, true);
        front_own = heap;
    }
    leave();
    return heap;
}

/* Make `slab` an orphan; or give it back where it has no objects. */
static void abandon_locked(struct slab *slab)
{
    slab_set_owner(slab, OWNER_ORPHAN);
    remote_collect(slab);
    if (slab_used(slab) == 0 && remote_word(slab) == 0) {
        slab_destroy(slab);
    } else {
        orphans_push(slab);
    }
}

/* All but the empty ones, which the heap keeps. */
static void abandon_all_locked(struct theap *heap)
{
    granule_index index = heap->slabs;
    heap->slabs = 0;
    while (index != 0) {
        struct slab *slab = slab_number(index);
        index = slab->sibling_next;
        if (slab->state == SLAB_EMPTY) {
            lists_push_sibling(heap, slab);
        } else {
            abandon_locked(slab);
        }
    }
}

/* The heap serves no thread any more. Until now a handler that forks has found in the child that it is the thread's own. */
static void put_down_locked(struct theap *heap)
{
    set_taken_locked(heap, false);
    resting_push(heap);
    front_own = NULL;
}

void registry_leave(struct theap *heap)
{
    theap_await(heap); /* the thread's pointer leads elsewhere already */
    theap_flush(heap);
    theap_settle(heap, resting_limit());
    if (!enter()) {
        front_own = NULL;
        return;
    }
    abandon_all_locked(heap);
    leave();
    granule_index index = __atomic_exchange_n(&heap->inbox, INBOX_CLOSED, __ATOMIC_ACQ_REL);
    while (index != 0) {
        remote_post(remote_pop_posted(&index));
    }
    lock_acquire(&lock);
    put_down_locked(heap);
    leave();
}

static void adopt_locked(struct theap *heap, struct slab *slab)
{
    orphans_remove(slab);
    theap_own(heap, slab);
    remote_collect(slab);
}

struct slab *registry_adopt(struct theap *heap, size_t size_class)
{
    if (!orphans_exist(size_class) || !enter()) {
        return NULL;
    }
    struct slab *slab = orphans_find(size_class);
    if (slab != NULL) {
        adopt_locked(heap, slab);
    }
    leave();
    return slab;
}

bool registry_adopt_slab(struct theap *heap, struct slab *slab)
{
    if (!enter()) {
        return false;
    }
    bool is_orphan = slab_owner(slab) == OWNER_ORPHAN;
    if (is_orphan) {
        adopt_locked(heap, slab);
    }
    leave();
    return is_orphan;
}

static bool take_note_locked(struct slab *slab)
{
    if (slab_owner(slab) != OWNER_ORPHAN) {
        return false;
    }
    uint64_t word = __atomic_and_fetch(&slab_remote(slab)->word, ~REMOTE_POSTED, __ATOMIC_ACQ_REL);
    if ((size_t)(word >> REMOTE_COUNT_SHIFT) == slab_used(slab)) {
        orphans_destroy(slab);
    }
    return true;
}

/* Whether the slab, which had been POSTED until its remote word became `word`, has an owner since who was not told of what was
 * pushed before: it is POSTED again then, for the caller to post. Where the word tells of no object any more the owner has them, or the slab
 * is gone: it may be another's memory by now, whose word is not to be touched. */
static bool has_owner_unawares(struct slab *slab, uint64_t word)
{
    uint64_t *at = &slab_remote(slab)->word;
    if (__atomic_load_n(&slab_granule(slab)->owner, __ATOMIC_SEQ_CST) == owner_word(OWNER_ORPHAN)) {
        return false;
    }
    while (word >> REMOTE_COUNT_SHIFT != 0 && (word & REMOTE_POSTED) == 0) {
        if (__atomic_compare_exchange_n(at, &word, word | REMOTE_POSTED, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
            return true;
        }
    }
    return false;
}

bool registry_take_note(struct slab *slab)
{
    if (!enter()) {
        /* Somebody else may be adopting it, and have collected before the push that brought us here:
         * then we see the new owner now. If not, it may be without objects, and who has the lock, or has it
         * next, gives it back. */
        if (__atomic_load_n(&slab_granule(slab)->owner, __ATOMIC_SEQ_CST) !=
            owner_word(OWNER_ORPHAN)) {
            return false;
        }
        uint64_t word =
            __atomic_and_fetch(&slab_remote(slab)->word, ~REMOTE_POSTED, __ATOMIC_SEQ_CST);
        __atomic_store_n(&has_missed, true, __ATOMIC_SEQ_CST);
        return !has_owner_unawares(slab, word);
    }
    bool noted = take_note_locked(slab);
    leave();
    return noted;
}

void registry_each(void (*visit)(struct theap *heap, void *context), void *context)
{
    if (!enter()) {
        return;
    }
    for (struct theap *heap = heaps; heap != NULL; heap = heap->next) {
        if (heap->is_taken || theap_cached_bytes(heap) > 0) {
            visit(heap, context);
        }
    }
    leave();
}

/* Close the heaps of threads that have vanished. */
static void close_others_locked(const struct theap *mine)
{
    for (struct theap *heap = heaps; heap != NULL; heap = heap->next) {
        if (heap != mine && heap->is_taken) {
            set_taken_locked(heap, false);
        }
    }
}

/* Once their slabs are orphans: a signal handler that frees an object of one looks for another owner where an inbox is closed. */
static void close_inboxes_locked(const struct theap *mine)
{
    for (struct theap *heap = heaps; heap != NULL; heap = heap->next) {
        if (heap != mine) {
            __atomic_store_n(&heap->inbox, INBOX_CLOSED, __ATOMIC_RELAXED);
        }
    }
}

/* Whether the heap's thread is inside the allocator, or is giving the heap up. */
static bool is_busy(const struct theap *heap)
{
    ptrdiff_t word = *heap->pointer;
    return word != owner_distance(heap) && word != owner_distance(THEAP_SLOW);
}

/* What was on its way to an inbox has not arrived there. */
static void take_from_vanished_locked(struct slab *slab, const struct theap *mine)
{
    const struct theap *owner = slab_owner(slab);
    if (owner == NULL || owner == mine || owner == OWNER_HEAPS) {
        return;
    }
    __atomic_and_fetch(&slab_remote(slab)->word, ~REMOTE_POSTED, __ATOMIC_RELAXED);
    if (owner != OWNER_ORPHAN) {
        slab->is_torn = true;
        abandon_locked(slab);
    }
}

/*
 * Who has shut this thread's heap is gone. Where the thread was not inside the allocator, that one may have been amid taking what is
 * cached, and slabs: none of that is used any more.
 */
static void reopen(struct theap *mine)
{
    if (mine == NULL || !mine->is_shut) {
        return;
    }
    if (!is_busy(mine) || mine->is_searched) {
        mine->is_searched = false;
        mine->medium = (struct medium){0};
        medium_init(&mine->medium);
        lists_lose(mine);
    }
    __atomic_store_n(&mine->is_shut, false, __ATOMIC_RELEASE);
}

/*
 * The lists of a heap whose thread vanished amid an operation may be torn, so its slabs are
 * found by the table. The free list and the counts are right, or the count of used objects is
 * too high by what the thread had in hand: the slab then stays for good.
 */
static void take_slabs_of_vanished_locked(struct theap *mine)
{
    for (size_t i = 1; i < space_map.granule_count; i++) {
        take_from_vanished_locked(slab_number((granule_index)i), mine);
    }
    if (mine != NULL && !is_busy(mine)) { /* else it may be just reading its inbox */
        lists_post_all_anew(mine);
    }
    __atomic_store_n(&has_missed, true, __ATOMIC_SEQ_CST);
    resting_forget();
}

/* Once all that they lead to has an owner or is an orphan: what the heaps of the others held back and had cached. */
static void take_rest_of_vanished(const struct theap *mine)
{
    for (struct theap *heap = heaps; heap != NULL; heap = heap->next) {
        if (heap != mine) {
            theap_flush_vanished(heap);
            medium_salvage(&heap->medium);
            lists_lose_empties(heap);
        }
    }
    parcels_after_fork();
}

void registry_after_fork(struct theap *mine, bool was_alone)
{
    if (!enter()) {
        if (!lock_held_by_me(&lock)) {
            lock_abandon(&lock);
            reopen(mine);
        }
        return;
    }
    close_others_locked(mine);
    if (!was_alone) {
        take_slabs_of_vanished_locked(mine);
    }
    close_inboxes_locked(mine);
    leave();
    if (!was_alone) {
        take_rest_of_vanished(mine);
    }
}

bool registry_hold(void)
{
    return enter();
}

struct theap *registry_heaps(void)
{
    return heaps;
}

void registry_let_go(void)
{
    leave();
}

void registry_lend(void)
{
    if (lock_lent_to_me(&lock) || enter()) {
        lock_lend(&lock);
    }
}

bool registry_lend_within(unsigned milliseconds)
{
    if (lock_is_abandoned(&lock)) {
        return true;
    }
    return lock_lend_within(&lock, milliseconds);
}

void registry_take_back(void)
{
    if (lock_lent_to_me(&lock) && lock_take_back(&lock)) {
        leave();
    }
}
