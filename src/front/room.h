/*
 * The memory that thread heaps and the places of their wider caches lie in, one behind the other, in granules of their own: they are no
 * payloads, and are not counted as such. None of it goes back.
 *
 * All functions: registry lock.
 */
#ifndef MA_FRONT_ROOM_H
#define MA_FRONT_ROOM_H

#include <stddef.h>

/* So many bytes, of less than a granule, at the begin of a cache line. NULL where memory is out. */
void *room_take(size_t bytes);

#endif
