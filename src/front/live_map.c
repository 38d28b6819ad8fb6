/*
 * Maps of live objects.
 */
#include "front/live_map.h"

#include "base/options.h"
#include "base/report.h"
#include "core/cores.h"

struct map {
    struct object head; /* bears a mark */
    uint64_t words[MA_GRANULE / MA_ALIGNMENT / 64];
};

static uintptr_t mark_of(const struct map *map)
{
    return ~(uintptr_t)map ^ mb_key << 1;
}

static struct map *map_of(const struct slab *slab)
{
    return (struct map *)((char *)slab->live_map - offsetof(struct map, words));
}

void live_map_open(struct slab *slab)
{
    struct map *map = options.check != 0 ? cores_alloc_zeroed(sizeof(*map)) : NULL;
    if (map != NULL) {
        map->head.mark = mark_of(map);
    }
    slab->live_map = map != NULL ? map->words : NULL;
}

void live_map_close(struct slab *slab)
{
    if (slab->live_map != NULL) {
        struct map *map = map_of(slab);
        slab->live_map = NULL;
        map->head.mark = 0;
        cores_free(cores_owner_of(map), map);
    }
}

bool live_map_is(const void *payload)
{
    const struct map *map = payload;
    return map->head.mark == mark_of(map);
}

size_t live_map_bytes(const struct slab *slab)
{
    return slab->live_map != NULL ? mb_usable(mb_of_payload(map_of(slab))) : 0;
}

void live_map_report(const struct slab *slab, const void *object)
{
    report_fatal("corrupted free list: it leads to the live block of %zu bytes at %p; memory was "
                 "probably written to after it was freed",
                 class_size(slab->size_class), object);
}

static void require(bool was_live, const struct slab *slab, const void *object, const char *caller)
{
    MA_CHECK(was_live, "%s(%p): double free: the block of %zu bytes is free already", caller,
             object, class_size(slab->size_class));
}

void live_map_clear(const struct slab *slab, const void *object, const char *caller)
{
    if (slab->live_map != NULL) {
        require(live_map_exchange(slab, object, false), slab, object, caller);
    }
}

void live_map_require(const struct slab *slab, const void *object, const char *caller)
{
    if (slab->live_map != NULL) {
        uint64_t word = __atomic_load_n(live_map_word(slab, object), __ATOMIC_ACQUIRE);
        require((word & live_map_bit(object)) != 0, slab, object, caller);
    }
}
