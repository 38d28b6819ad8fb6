/*
 * Which slab serves a class, and when a slab goes back.
 */
#include "front/theap.h"

#include "core/cores.h"
#include "core/populate.h"
#include "front/empties.h"
#include "front/lists.h"
#include "front/reclaim.h"
#include "front/registry.h"
#include "front/remote.h"
#include "front/thin.h"
#include "os/lock.h"

#include <string.h>

/* What a class without a slab has for one: no object, and none to come. */
static struct slab no_slab; /* its size class is 0 */

struct slab *const theap_nothing[CLASS_COUNT + 3] = {[0 ... CLASS_COUNT + 2] = &no_slab};

/* A full slab gathers this share of its objects before it may serve again: so each turn to
 * the slow path is paid for by many fast ones. */
enum { GATHER_SHARE = 16 };

/* A class's warmth once it has slabs. */
enum { EARNED = UINT8_MAX };
_Static_assert(MA_WARM_COUNT < EARNED && MA_OWN_COUNT <= EARNED, "warmth is counted below");

/* How many empty slabs are looked at for one of the right class. */
enum { LOOK_COUNT = 8 };

/* Current slabs that are empty are looked for once the core was asked for this many slabs, and one
 * more for each that was found the last time: classes in turn do not take them from one another. */
enum { SWEEP_MIN = 8 };

void theap_wake(struct theap *heap)
{
    __atomic_store_n(&heap->is_overdue, false, __ATOMIC_RELAXED);
    __atomic_store_n(&heap->inbox, 0, __ATOMIC_RELEASE);
}

void theap_init(struct theap *heap)
{
    memset(heap, 0, offsetof(struct theap, inbox));
    memcpy(heap->current, THEAP_NONE->current, sizeof(heap->current));
    medium_init(&heap->medium);
    theap_wake(heap);
}

void theap_await(const struct theap *heap)
{
    while (theap_is_shut(heap)) {
        lock_pause(1);
    }
}

bool theap_await_outside_cores(const struct theap *heap)
{
    if (cores_are_entered()) {
        return false;
    }
    theap_await(heap);
    return true;
}

/* Requests of 0 bytes are served as those of 1 to 16 are. */
static void set_current(struct theap *heap, size_t size_class, struct slab *slab)
{
    heap->current[size_class] = slab;
    if (size_class == 1) {
        heap->current[0] = slab;
    }
}

static void make_current(struct theap *heap, struct slab *slab)
{
    slab_restore(slab);
    slab->state = SLAB_CURRENT;
    slab_set_notify(slab, SLAB_NEVER);
    set_current(heap, slab->size_class, slab);
}

/* The slab serves no class any more. */
static void unset_current(struct theap *heap, const struct slab *slab)
{
    size_t last = slab->size_class;
    for (size_t c = last > GROUP_MAX ? last - GROUP_MAX : 0; c <= last; c++) {
        if (heap->current[c] == slab) {
            heap->current[c] = &no_slab;
        }
    }
}

/* No object of the current slab is left: it serves no more until enough have been freed. */
static void retire(struct theap *heap, struct slab *slab)
{
    size_t gather = slab_capacity(slab) / GATHER_SHARE + 1;
    slab->state = SLAB_FULL;
    slab_set_notify(slab, slab_used(slab) - gather);
    unset_current(heap, slab);
}

/* Whether no object of the slab is used, and nobody is about to look at it. */
static bool is_empty(const struct slab *slab)
{
    return slab_used(slab) == 0 && remote_word(slab) == 0;
}

/*
 * Put a slab that is full, or partial, where the number of its live objects wants it. False: it went back to the core, and may be
 * another's already.
 *
 * Those that others have freed stay on the remote list until the slab serves again, or has none but
 * free ones: to append one list to another it must be walked, and each object on it may lie in
 * another processor's cache.
 */
static bool reconsider(struct theap *heap, struct slab *slab)
{
    size_t remote_count = remote_count_of(slab);
    size_t live_count = slab_used(slab) - remote_count;
    if (slab->state == SLAB_FULL && live_count <= slab->notify_at) {
        lists_push(heap, slab, SLAB_PARTIAL);
    }
    if (!lists_may_serve(slab)) {
        return true;
    }
    slab_set_notify(slab, remote_count);
    if (live_count == 0) {
        remote_collect(slab);
    }
    if (is_empty(slab)) {
        lists_remove(heap, slab);
        lists_push_empty(heap, slab);
        if (slab_absent(slab) != 0 || heap->warmth[slab->size_class] != EARNED) {
            lists_release(heap, slab); /* to keep it would save nobody a page fault */
            return false;
        }
    } else if (slab->state == SLAB_PARTIAL && live_count <= THIN_MAX) {
        slab->state = SLAB_THIN;
        decay_add(&heap->thin, 1);
    } else if (slab->state == SLAB_PARTIAL) {
        slab_set_notify(slab, remote_count + THIN_MAX);
    }
    return true;
}

void theap_notified(struct theap *heap, struct slab *slab)
{
    reconsider(heap, slab);
    empties_bound(heap);
    thin_purge_some(heap);
}

void theap_own(struct theap *heap, struct slab *slab)
{
    lists_push_sibling(heap, slab);
    lists_push(heap, slab, SLAB_PARTIAL);
    slab_set_owner(slab, heap);
}

void theap_read_inbox(struct theap *heap)
{
    if (__atomic_load_n(&heap->inbox, __ATOMIC_RELAXED) == 0) {
        return;
    }
    granule_index index = __atomic_exchange_n(&heap->inbox, 0, __ATOMIC_ACQUIRE);
    __atomic_store_n(&heap->is_overdue, false, __ATOMIC_RELAXED);
    while (index != 0) {
        struct slab *slab = remote_pop_posted(&index);
        if (slab_owner(slab) != heap) {
            remote_post(slab); /* it came here as its owner left, and this heap has a new thread */
            continue;
        }
        remote_unpost(slab);
        reconsider(heap, slab);
    }
    empties_bound(heap);
}

/* Current slabs that are empty serve no more. True where there were any. */
static bool sweep(struct theap *heap)
{
    size_t count = 0;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slab = heap->current[c];
        if (slab->size_class == c && (slab_used(slab) == 0 || remote_collect(slab)) &&
            is_empty(slab)) {
            unset_current(heap, slab);
            lists_push_empty(heap, slab);
            count++;
        }
    }
    heap->created_count = 0;
    heap->sweep_at = SWEEP_MIN + count;
    return count > 0;
}

bool theap_release(struct theap *heap)
{
    bool has_any = false;
    sweep(heap);
    granule_index index = heap->slabs;
    while (index != 0) {
        struct slab *slab = slab_number(index);
        index = slab->sibling_next;
        bool is_mine = reconsider(heap, slab);
        if (is_mine && (slab->state == SLAB_PARTIAL || slab->state == SLAB_THIN ||
                        slab->state == SLAB_SPARSE)) {
            has_any |= thin_purge(heap, slab);
        }
    }
    has_any |= heap->oldest_empty != 0;
    lists_release_empties(heap, 0);
    return has_any;
}

void theap_settle(struct theap *heap, size_t limit)
{
    sweep(heap);
    lists_release_empties(heap, limit);
    medium_give_waiting(&heap->medium);
    while (!medium_bound(&heap->medium, limit)) {
    }
}

void theap_rest(struct theap *heap)
{
    memcpy(heap->current, THEAP_NONE->current, sizeof(heap->current));
    memset(heap->partial, 0, sizeof(heap->partial));
    memset(heap->sparse, 0, sizeof(heap->sparse));
    memset(heap->warmth, 0, sizeof(heap->warmth));
    memset(heap->created, 0, sizeof(heap->created));
    memset(heap->medium.held, 0, sizeof(heap->medium.held));
    memset(heap->medium.demand, 0, sizeof(heap->medium.demand));
    heap->afforded_count = 0;
    for (granule_index index = heap->slabs; index != 0; index = slab_number(index)->sibling_next) {
        size_t size_class = slab_number(index)->size_class;
        heap->afforded_count += heap->warmth[size_class] == 0;
        heap->warmth[size_class] = EARNED;
        lists_note_created(heap, size_class);
    }
    heap->asks = false;
    heap->refused_count = 0;
    heap->swing = (struct swing){0};
    heap->has_lacked = false;
    heap->cache_limit = 0;
    heap->keep_left = 0;
    heap->trust_left = 0;
    heap->is_seasoned = false;
    heap->is_leaving = false;
    heap->adopted_count = 0;
    heap->created_count = 0;
    heap->thin = (struct decay){0};
    heap->purge_due = 0;
    heap->purge_next = 0;
}

/* Whether a slab for one more class, of which a page is used at least, is within the thread's share
 * of what caches may hold. */
static bool can_afford_slab(const struct theap *heap)
{
    return (heap->afforded_count + 1) * SLAB_STEP <= registry_cache_limit();
}

/*
 * Whether a group of classes is to have slabs: when it has many live objects; when those fill a page; or when it has been asked for
 * often, and the thread can afford it, as one of few threads can. Until then blocks of the core serve it,
 * which are as large as they need to be, and come back from the cache.
 */
static bool has_earned_slab(struct theap *heap, size_t group, size_t size)
{
    uint8_t *warmth = &heap->warmth[group];
    if (*warmth == EARNED) {
        return true;
    }
    size_t held_count = medium_held_count(&heap->medium, size);
    if (held_count >= MA_WARM_COUNT || held_count * size >= SLAB_STEP ||
        heap->partial[group] != 0) {
        *warmth = EARNED;
        return true;
    }
    if (++*warmth <= MA_WARM_COUNT) {
        return false;
    }
    if (!can_afford_slab(heap)) {
        *warmth = 0;
        return false;
    }
    heap->afforded_count++;
    *warmth = EARNED;
    return true;
}

/*
 * The class whose slabs serve a request that cannot be served at once: its own or its group's.
 *
 * A class of a group has slabs of its own once it has often found the group's without a free object: as
 * a class does that comes to have many live objects, and not one that only has them in turn.
 */
static size_t serving_class(struct theap *heap, size_t size_class)
{
    size_t group = class_group(size_class);
    uint8_t *warmth = &heap->warmth[size_class];
    if (size_class == group || *warmth == EARNED || heap->partial[size_class] != 0) {
        return size_class;
    }
    if (heap->current[size_class] != &no_slab) {
        *warmth = (uint8_t)(*warmth + 1 < MA_OWN_COUNT ? *warmth + 1 : EARNED);
    }
    return group;
}

/* The first of the empty slabs of a class, among the latest; 0 if there is none. */
static granule_index find_empty(const struct theap *heap, size_t size_class)
{
    granule_index index = heap->newest_empty;
    for (int i = 0; i < LOOK_COUNT && index != 0; i++, index = slab_number(index)->next) {
        if (slab_number(index)->size_class == size_class) {
            return index;
        }
    }
    return 0;
}

/* An empty slab, made one of the class; NULL if there is none. */
static struct slab *reuse_empty(struct theap *heap, size_t size_class)
{
    if (heap->oldest_empty == 0) {
        return NULL;
    }
    struct slab *slab = slab_number(heap->oldest_empty);
    lists_remove_empty(heap, slab);
    lists_forget_created(heap, slab->size_class);
    slab_reuse(slab, size_class);
    lists_note_created(heap, size_class);
    return slab;
}

/* A slab from the core. */
static struct slab *create(struct theap *heap, size_t size_class)
{
    if (heap->medium.bytes >= MA_CACHE_FLUSH) {
        theap_shed(heap, MA_GRANULE); /* or the process would have both */
    }
    reclaim_dormant(heap, MA_GRANULE);
    struct slab *slab = slab_create(size_class);
    if (slab != NULL) {
        heap->created_count++;
        lists_note_created(heap, size_class);
        lists_push_sibling(heap, slab);
        slab_set_owner(slab, heap);
    }
    return slab;
}

/*
 * Whether the class has had a slab in this heap: from now on it has. Its first serves few objects, and may do so for long. What of it
 * is dirty would be of use to nobody, while blocks that need all of their pages touch new ones.
 */
static bool has_begun(struct theap *heap, size_t size_class)
{
    uint64_t bit = UINT64_C(1) << (size_class - 1);
    bool had = (heap->begun_classes & bit) != 0;
    heap->begun_classes |= bit;
    return had;
}

/* A slab that the class has not had. */
static struct slab *new_slab(struct theap *heap, size_t size_class)
{
    struct slab *slab = reuse_empty(heap, size_class);
    slab = slab != NULL ? slab : create(heap, size_class);
    if (slab != NULL && !has_begun(heap, size_class)) {
        slab_give_ahead(slab);
    }
    return slab;
}

/* A slab with free objects or room for some, which is in no list of its class. */
static struct slab *next_slab(struct theap *heap, size_t size_class)
{
    granule_index index = heap->partial[size_class];
    if (index != 0) {
        lists_remove(heap, slab_number(index));
        return slab_number(index);
    }
    index = find_empty(heap, size_class);
    if (index != 0) {
        lists_remove_empty(heap, slab_number(index));
        return slab_number(index);
    }
    index = heap->sparse[size_class];
    if (index != 0) {
        lists_remove(heap, slab_number(index));
        return slab_number(index);
    }
    struct slab *slab = registry_adopt(heap, size_class);
    if (slab != NULL) {
        lists_remove(heap, slab);
        return slab;
    }
    if (heap->oldest_empty == 0 && heap->created_count >= heap->sweep_at) {
        sweep(heap);
    }
    return new_slab(heap, size_class);
}

/* How many bytes of a slab of the class to populate ahead. */
static size_t step_for(const struct theap *heap, size_t size_class)
{
    return populate_step(heap->created[size_class] * MA_GRANULE / MA_SLAB_POPULATE_SHARE);
}

/* Whether the slab has a free object, after a look where more may be. */
static bool replenish(const struct theap *heap, struct slab *slab)
{
    return slab->free != NULL || remote_collect(slab) ||
           slab_carve(slab, step_for(heap, slab->size_class));
}

/* A current slab of `serving` that has a free object; NULL if memory is out. */
static struct slab *filled_slab(struct theap *heap, size_t serving)
{
    struct slab *slab = heap->current[serving];
    if (slab->size_class == serving) {
        if (replenish(heap, slab)) {
            return slab;
        }
        retire(heap, slab);
    }
    slab = next_slab(heap, serving);
    if (slab == NULL) {
        return NULL;
    }
    make_current(heap, slab);
    return replenish(heap, slab) ? slab : NULL;
}

struct object *theap_refill(struct theap *heap, size_t size)
{
    size_t size_class = class_of(size);
    size_t serving = serving_class(heap, size_class);
    if (heap->current[serving]->size_class != serving && !has_earned_slab(heap, serving, size)) {
        return NULL;
    }
    heap->adopted_count = 0;
    theap_flush(heap);
    theap_read_inbox(heap);
    thin_purge_some(heap);
    empties_bound(heap);
    struct slab *slab = filled_slab(heap, serving);
    if (slab == NULL) {
        return NULL;
    }
    set_current(heap, size_class, slab);
    return slab_pop(slab);
}
