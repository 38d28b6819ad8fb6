/*
 * Parcels: blocks that one thread releases and asks for no more of, on their way to another that does.
 *
 * In a program whose threads hand buffers on, one allocates what another frees. By way of the core both would meet at its lock, and
 * split and merge the same memory over and over. So what a thread does not ask for, and has no place for, is gathered in a parcel. A full
 * one is left in a pigeonhole, for a thread that lacks a block and has next to nothing cached, or whose wide cache is at most half full;
 * where no pigeonhole is empty, the core has it.
 *
 * The blocks of a parcel are linked through their payloads, and bear the mark of cached ones.
 */
#ifndef MA_FRONT_PARCELS_H
#define MA_FRONT_PARCELS_H

#include "core/mem_block.h"
#include "front/object.h"

#include <stdbool.h>

/* A parcel is full when it has so many blocks, or bytes. */
#define PARCEL_COUNT 32
#define PARCEL_BYTES ((size_t)64 << 10)

/* So many wait to be taken at most. */
#define PARCEL_HOLES 4

/* What a thread gathers. Zeroed: nothing. */
struct parcel {
    struct object *first; /* the last that was put in */
    size_t count;         /* atomic, as others read it */
    size_t bytes;         /* so, too */
};

/* Put the used block `b`, of `size` bytes, in. Aborts with a report where it is the last that was put in. */
void parcel_add(struct parcel *parcel, struct mem_block *b, size_t size);

/* Whether the used block `b` is in it, whatever was written there since. Aborts with a report where something was written to one
 * that was put in later. */
MA_RARE bool parcel_has(const struct parcel *parcel, const struct mem_block *b);

/* Leave it for another thread. The parcel is empty then. */
void parcel_send(struct parcel *parcel);

/* Take all blocks out, and put them before `chain`, for cores_free_chain(). */
struct object *parcel_unpack(struct parcel *parcel, struct object *chain);

/* Whether there is one to be taken, as far as is known. */
bool parcels_exist(void);

/* Take one: its blocks, linked, for the caller to keep, or for cores_free_chain(); NULL if there is none. Any thread. */
MA_RARE struct object *parcels_take(void);

/* Give the core all that wait to be taken. Any thread. False: there are none. */
MA_RARE bool parcels_flush(void);

/* The same in a forked child: what a vanished thread had in its hands is lost. */
MA_RARE void parcels_after_fork(void);

/* Bytes of all blocks that wait to be taken, and how many they are. */
MA_RARE size_t parcels_bytes(void);
MA_RARE size_t parcels_count(void);

#endif
