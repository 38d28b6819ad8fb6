/*
 * Looking at all slabs, whoever owns them.
 */
#include "front/inspect.h"

#include "front/front.h"
#include "front/live_map.h"
#include "front/registry.h"
#include "front/remote.h"

int front_check(const struct theap *mine)
{
    int result = 0;
    /* Or a signal handler would change what is looked at, or give it back. */
    struct theap *heap = front_enter();
    bool is_held = registry_hold();
    for (size_t i = 1; i < space_map.granule_count && result == 0; i++) {
        const struct slab *slab = slab_number((granule_index)i);
        const struct theap *owner = slab_owner(slab);
        if (owner != NULL && (owner == mine || owner == OWNER_ORPHAN)) {
            result = slab_check(slab);
        }
    }
    if (is_held) {
        registry_let_go();
    }
    front_leave(heap);
    return result;
}

/* Objects that others have freed are free, though the owner has not heard of them. */
static void correct_for(const struct slab *slab, struct ma_stats *stats)
{
    size_t size = class_size(slab->size_class);
    size_t usable = mb_usable((const struct mem_block *)slab_memory(slab));
    size_t used = slab_used(slab);
    size_t remote = remote_count_of(slab);
    size_t live = used > remote ? used - remote : 0;
    size_t map = live_map_bytes(slab);
    stats->live_count += live - 1 - (map != 0);
    stats->live_bytes += live * size - usable - map;
    size_t capacity = slab_capacity(slab);
    size_t carved = slab_absent(slab) != 0 ? capacity : slab_carved(slab);
    size_t fresh = (capacity - carved) * size;
    size_t absent = (size_t)__builtin_popcount(slab_absent(slab)) * MA_PAGE;
    stats->blank_bytes += bits_round_down(fresh, MA_PAGE) + absent;
    stats->cached_bytes += live == 0 ? slab_carved_bytes(slab) : 0;
    size_t largest = fresh > 0 ? fresh : carved > live ? size : 0;
    stats->free_count += (carved > live ? carved - live : 0) + (fresh > 0);
    stats->free_bytes += (capacity - live) * size;
    stats->largest_free = largest > stats->largest_free ? largest : stats->largest_free;
    stats->overhead_bytes += usable - capacity * size + map;
}

/* To the core these blocks are used. What passes from one thread to another meanwhile may be counted twice. */
static void add_cached(struct ma_stats *stats, size_t bytes, size_t count)
{
    count = bits_min(count, stats->live_count);
    bytes = bits_min(bytes, stats->live_bytes + count * MB_OVERHEAD);
    stats->live_count -= count;
    stats->live_bytes -= bytes - count * MB_OVERHEAD;
    stats->free_count += count;
    stats->free_bytes += bytes;
    stats->cached_bytes += bytes;
    stats->overhead_bytes -= count * MB_OVERHEAD;
}

static void add_medium(struct theap *heap, void *stats)
{
    add_cached(stats, medium_all_bytes(&heap->medium), medium_all_count(&heap->medium));
}

void front_correct_stats(struct ma_stats *stats)
{
    for (size_t i = 1; i < space_map.granule_count; i++) {
        const struct slab *slab = slab_number((granule_index)i);
        if (slab_owner(slab) != NULL) {
            correct_for(slab, stats);
        }
    }
    registry_each(add_medium, stats); /* when live is what programs have, and this */
    add_cached(stats, parcels_bytes(), parcels_count());
}
