/*
 * The memory of the front itself. To who looks up the owner of an address its granules are slabs without objects.
 */
#include "front/room.h"

#include "core/cores.h"
#include "front/slab.h"

static char *room; /* NULL: there is no granule yet */
static char *room_end;

static bool open_granule(void)
{
    char *payload = cores_alloc_granule(NULL);
    if (payload == NULL) {
        return false;
    }
    struct slab *slab = slab_at(payload);
    slab->size_class = 1;
    slab_granule(slab)->size_class = 1;
    slab_granule(slab)->start = UINT16_MAX; /* there is room for no object */
    slab_set_absent(slab, 0);
    slab_set_carved(slab, 0);
    slab_set_used(slab, 0);
    slab_set_owner(slab, OWNER_HEAPS);
    room = slab_memory(slab) + MA_CACHE_LINE;
    room_end = slab_memory(slab) + MA_GRANULE;
    return true;
}

void *room_take(size_t bytes)
{
    bytes = bits_round_up(bytes, MA_CACHE_LINE);
    if ((room == NULL || room_end - room < (ptrdiff_t)bytes) && !open_granule()) {
        return NULL;
    }
    void *memory = room;
    room += bytes;
    return memory;
}
