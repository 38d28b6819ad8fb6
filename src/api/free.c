/*
 * free(), and the ways that a payload can go.
 */
#include "ma.h"

#include "api/checked_alloc.h"
#include "api/fast.h"
#include "api/foreign.h"
#include "api/thread.h"
#include "base/options.h"
#include "check/sample.h"
#include "core/cores.h"
#include "front/front.h"
#include "os/alone.h"

#include <errno.h>

/* The calling thread has freed what it has no cache for. */
static void note_freed(void)
{
    if (__builtin_expect(front_heap() == THEAP_NONE, 0) && !os_is_alone()) {
        thread_note_freed();
    }
}

/* Each of these may need the system, which sets errno: a free leaves it alone. */
static __attribute__((noinline)) void free_object(struct slab *slab, void *object)
{
    int saved_errno = errno;
    front_free_slow(slab, object);
    note_freed();
    errno = saved_errno;
}

static MA_RARE __attribute__((noinline)) void free_foreign(void *payload)
{
    int saved_errno = errno;
    foreign_free(payload);
    errno = saved_errno;
}

/* The core's block of `payload`, which no cache keeps. */
static __attribute__((noinline)) void free_block(const struct segment *segment, void *payload)
{
    int saved_errno = errno;
    cores_free(segment->core, payload);
    note_freed();
    errno = saved_errno;
}

/* The rest of free_medium(), of a thread that is still inside. */
static __attribute__((noinline)) void free_medium_slow(const struct segment *segment,
                                                       struct theap *heap, struct mem_block *b)
{
    if (__builtin_expect(!mb_follows_used(mb_next(b)), 0)) {
        core_refuse(mb_payload(b), "free");
    }
    if (!front_keep_slow(heap, b)) {
        free_block(segment, mb_payload(b));
    }
}

/* What lies in that segment, and in no slab: looked at closely. */
static void free_looked_at(const struct segment *segment, void *payload)
{
    struct mem_block *b = medium_block_of(segment, payload, "free");
    if (options.zero != 0) {
        core_clear(payload);
    }
    if (!front_keep(b)) {
        free_block(segment, payload);
    }
}

/* A free with one of the options that look closer, or change what it does. */
static void free_watched(void *payload)
{
    if (sample_owns(payload)) {
        sample_free(payload, "free");
        return;
    }
    if (checked_is_on() && checked_has(payload)) {
        checked_free(payload, "free");
        return;
    }
    struct slab *slab = slab_of(payload);
    const struct segment *segment = space_segment_of(payload);
    if (slab != NULL) {
        free_object(slab, payload);
    } else if (segment == NULL) {
        free_foreign(payload);
    } else {
        free_looked_at(segment, payload);
    }
}

/* What has no descriptor; or, with an option that looks closer, anything. */
static MA_RARE __attribute__((noinline)) void free_rare(void *payload)
{
    if (options.is_watched) {
        free_watched(payload);
    } else {
        free_foreign(payload);
    }
}

static __attribute__((noinline)) void free_slow(void *payload)
{
    size_t number = space_granule_number(payload);
    if (__builtin_expect(!space_has_granule(number) || options.is_watched, 0)) {
        if (!options.is_mapped || !front_push_mapped(payload)) {
            free_rare(payload);
        }
        return;
    }
    const struct granule *granule = &space_map.granules[number];
    const struct segment *segment = granule_segment(granule);
    if (granule_owner_word(granule) != 0) {
        free_object(slab_number(number), payload);
    } else if (__builtin_expect(segment == NULL, 0)) {
        free_foreign(payload);
    } else {
        free_looked_at(segment, payload);
    }
}

/* What lies in a segment, and in no slab. */
static __attribute__((noinline)) void free_medium(void *payload, const struct granule *granule)
{
    size_t size = granule_segment(granule) != NULL ? medium_size_at_once(payload) : 0;
    if (__builtin_expect(size == 0 || options.is_watched, 0)) {
        free_slow(payload);
        return;
    }
    struct mem_block *b = mb_of_payload(payload);
    struct theap *heap = front_enter();
    if (!front_push_block(heap, b, size)) {
        free_medium_slow(granule_segment(granule), heap, b);
    }
}

MA_HOT void ma_free(void *payload)
{
    size_t number = space_granule_number(payload);
    if (__builtin_expect(space_has_granule(number), 1)) {
        if (__builtin_expect(fast_free(number, payload, false, 0), 1)) {
            return;
        }
        const struct granule *granule = &space_map.granules[number];
        if (granule_owner_word(granule) == 0) {
            free_medium(payload, granule);
            return;
        }
    }
    if (payload != NULL) {
        free_slow(payload);
    }
}
