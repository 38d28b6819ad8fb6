/*
 * What a thread heap keeps of the blocks that its thread releases: where that takes more than a place in the cache. And what it
 * takes of others'.
 */
#include "base/options.h"
#include "core/cores.h"
#include "front/registry.h"
#include "front/theap.h"
#include "os/alone.h"

#include <errno.h>

void theap_bound_cache(struct theap *heap)
{
    int saved_errno = errno; /* the core may give memory back to the system */
    bool goes_on = heap->medium.bytes > heap->cache_limit; /* with what the last look began */
    if (heap->keep_left == 0) {
        size_t age = medium_is_wide(&heap->medium) ? THEAP_WIDE_LIMIT_AGE : THEAP_LIMIT_AGE;
        bool trusts = heap->is_seasoned && options.check == 0;
        heap->trust_left = trusts ? age - age / THEAP_LOOK_SHARE : 0;
        heap->is_seasoned = true;
        heap->keep_left = age;
        if (!goes_on) {
            swing_fade(&heap->swing);
        }
    }
    heap->share = medium_is_wide(&heap->medium)
                      ? registry_wide_cache_limit(heap, swing_room(&heap->swing))
                      : registry_cache_limit();
    heap->asks = heap->asks || medium_is_asked(&heap->medium);
    heap->cache_limit = heap->asks ? heap->share : 0;
    if (!medium_bound(&heap->medium, heap->cache_limit)) {
        heap->keep_left = 1; /* the next goes on with it */
    }
    errno = saved_errno;
}

/* A cache that is small for what the thread does stays so where each block that it lacks costs it others: the cores had better grow then. */
static bool may_spare(struct theap *heap, size_t size)
{
    return heap->medium.bytes < heap->cache_limit / 2 &&
           swing_spares(&heap->swing, mb_size_for(size));
}

void theap_shed(struct theap *heap, size_t size)
{
    if (may_spare(heap, size)) {
        return;
    }
    size_t held = heap->medium.bytes;
    medium_shed(&heap->medium, size);
    swing_evict(&heap->swing, held - heap->medium.bytes);
}

/* Whether a payload has an alignment that those of slabs need not have: it may have been asked for. */
static bool is_beyond_slabs(const void *payload)
{
    return (uintptr_t)payload % (2 * SLAB_ALIGNMENT) == 0;
}

/* Whether the thread asks for blocks such as those of `size` bytes. */
static bool is_wanted(const struct theap *heap, size_t size)
{
    return medium_is_wanted(&heap->medium, medium_bin(size));
}

/* Whether the cache may hold `size` bytes more. Where it holds all that it may, larger blocks make room for what is wanted; but not in a
 * wide one where other threads have heaps, too, whom each of them would meet at a core's lock, when it goes and when it is asked for. */
static bool may_hold(struct theap *heap, size_t size)
{
    struct medium *medium = &heap->medium;
    if (heap->keep_left == 0 || (heap->cache_limit == 0 && is_wanted(heap, size))) {
        theap_bound_cache(heap);
    }
    heap->keep_left--;
    if (medium->bytes + size <= heap->cache_limit) {
        return true;
    }
    bool makes_room = !medium_is_wide(medium) || registry_has_one_heap();
    if (!makes_room || size > heap->cache_limit || medium->bytes > heap->cache_limit ||
        !is_wanted(heap, size) || medium_is_among_largest(medium, size)) {
        return false;
    }
    return medium_bound(medium, heap->cache_limit - size);
}

/* Gather a block that others may have a use for. False: there are no others, or it is this thread that has. */
static bool pass_on(struct theap *heap, struct mem_block *b, size_t size)
{
    struct parcel *parcel = &heap->medium.parcel;
    size_t limit = bits_min(heap->share, PARCEL_BYTES);
    if (os_is_alone() || is_wanted(heap, size) || size > limit) {
        return false;
    }
    if (parcel->bytes + size > limit) {
        parcel_send(parcel);
    }
    parcel_add(parcel, b, size);
    if (parcel->count == PARCEL_COUNT) {
        parcel_send(parcel);
    }
    return true;
}

/* There was no room for a block of a size that is asked for. In the end the cache is widened, or, where memory is out, with one of the
 * next. */
static void note_refused(struct theap *heap)
{
    if (medium_is_wide(&heap->medium) || ++heap->refused_count < THEAP_REFUSED_MAX) {
        return;
    }
    struct medium_places *places = registry_places(heap);
    if (places != NULL) {
        medium_widen(&heap->medium, places, options.check == 0 ? MEDIUM_ROOM : MEDIUM_ROOM_CHECKED);
        heap->keep_left = 0; /* the share is another, too */
    }
}

/* Where other blocks have the bytes, those that nobody asks for any more go one by one: with each time that the thread has lacked one. */
static bool may_hold_in_place(struct theap *heap, size_t size)
{
    if (may_hold(heap, size)) {
        return true;
    }
    if (!heap->has_lacked || size > heap->cache_limit) {
        return false;
    }
    heap->has_lacked = false;
    medium_drop_stale(&heap->medium, size);
    return heap->medium.bytes + size <= heap->cache_limit;
}

/* Whether the cache may hold the block, and there is a place for it, made if need be. */
static bool has_place(struct theap *heap, size_t size)
{
    struct medium *medium = &heap->medium;
    size_t held = medium->bytes;
    bool is_asked_for = is_wanted(heap, size); /* as far as is known before a look for room */
    bool has = may_hold_in_place(heap, size) &&
               (medium_has_room(medium, medium_bin(size)) || medium_make_room(medium, size));
    swing_evict(&heap->swing, held - medium->bytes);
    if (!has && is_asked_for) {
        swing_give(&heap->swing, medium->bytes, size);
        note_refused(heap);
    }
    return has;
}

/* The rest of theap_keep(), of a block of `size` bytes that may be cached. */
static bool keep_or_release(struct theap *heap, struct mem_block *b, size_t size)
{
    struct medium *medium = &heap->medium;
    bool is_for_slabs = theap_has_slab(heap, size - MB_OVERHEAD) && !is_beyond_slabs(mb_payload(b));
    if (!is_for_slabs && has_place(heap, size)) {
        medium_add(medium, b, size, medium_bin(size));
        return true;
    }
    medium_note_released(medium, size);
    return medium_release(medium, b, size, heap->share) ||
           (!is_for_slabs && pass_on(heap, b, size));
}

bool theap_keep(struct theap *heap, struct mem_block *b)
{
    if (!medium_caches(mb_size(b))) {
        return false;
    }
    int saved_errno = errno; /* as above */
    bool is_kept = keep_or_release(heap, b, mb_size(b));
    errno = saved_errno;
    return is_kept;
}

/* Keep what others have passed on, as much as there is room for. */
static void take_parcel(struct theap *heap)
{
    theap_bound_cache(heap);
    struct object *rest = NULL;
    struct object *next;
    for (struct object *o = parcels_take(); o != NULL; o = next) {
        next = o->next;
        struct mem_block *b = mb_of_payload(o);
        if (!theap_keep_at_once(heap, b, mb_size(b))) {
            o->next = rest;
            rest = o;
        }
    }
    cores_free_chain(rest);
}

/* Whether the cache is at most half full; and if it is not wide, holds next to nothing. */
static bool has_room_for_parcels(const struct theap *heap)
{
    const struct medium *medium = &heap->medium;
    size_t most = medium_is_wide(medium) ? medium->easy_room : PARCEL_COUNT / 2;
    return medium->count < most && medium->bytes <= heap->cache_limit / 2;
}

void *theap_take_other(struct theap *heap, size_t size)
{
    struct medium *medium = &heap->medium;
    void *payload = medium_take_other(medium, size);
    if (payload == NULL && has_room_for_parcels(heap) && parcels_exist()) {
        int saved_errno = errno; /* as above */
        take_parcel(heap);
        payload = medium_take(medium, size);
        errno = saved_errno;
    }
    if (payload == NULL) {
        swing_ask(&heap->swing, medium->bytes, size);
        if (medium_settle_missed(medium, medium_bin_for(size))) {
            swing_regret(&heap->swing, mb_size_for(size));
        }
        heap->has_lacked = true;
    }
    return payload;
}
