/*
 * Which objects of a slab are live, exactly (check=1).
 *
 * In the default build the mark within a free object tells that it is free, which a write after it was freed may destroy. The map
 * lies apart from the objects: a second free is noticed whatever was written to them. It is set and cleared by whoever
 * allocates and frees, the owner or not.
 */
#ifndef MA_FRONT_LIVE_MAP_H
#define MA_FRONT_LIVE_MAP_H

#include "front/slab.h"

/* A map for a new slab, unless the option is off or memory is out; and its end. */
void live_map_open(struct slab *slab);
void live_map_close(struct slab *slab);

/* Whether a used block of the core, of which this is the payload, is a map. */
bool live_map_is(const void *payload);

/* Usable bytes of the block that a map lies in. */
size_t live_map_bytes(const struct slab *slab);

/* The object is handed out. Aborts with a report where it was live already: a free list led to it that was overwritten. */
void live_map_set(const struct slab *slab, const void *object);

/* The object is freed. Aborts with a report naming `caller` where it was not live. */
void live_map_clear(const struct slab *slab, const void *object, const char *caller);

/* Abort with a report naming `caller` where the object is not live. */
void live_map_require(const struct slab *slab, const void *object, const char *caller);

#endif
