/*
 * Parcels, and the pigeonholes that they are left in.
 *
 * A pigeonhole is emptied by an exchange, so that whoever takes a parcel has it alone, whatever came and went there before.
 */
#include "front/parcels.h"

#include "core/cores.h"
#include "front/medium.h"

/* Atomic: */
static struct object *holes[PARCEL_HOLES]; /* the first block of each; NULL: none */
static size_t held_bytes;                  /* in them, and at times of one more */
static size_t held_count;

static void count_held(size_t bytes, size_t blocks)
{
    __atomic_fetch_add(&held_bytes, bytes, __ATOMIC_RELAXED);
    __atomic_fetch_add(&held_count, blocks, __ATOMIC_RELAXED);
}

void parcel_add(struct parcel *parcel, struct mem_block *b, size_t size)
{
    struct object *payload = mb_payload(b);
    payload->next = parcel->first;
    payload->mark = object_block_mark(payload);
    /* What the parcel leads to has a mark: see medium_salvage(). */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    parcel->first = payload;
    __atomic_store_n(&parcel->count, parcel->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&parcel->bytes, parcel->bytes + size, __ATOMIC_RELAXED);
}

/* What is in the parcel is in the caller's hands. */
static struct parcel take_over(struct parcel *parcel)
{
    struct parcel taken = *parcel;
    parcel->first = NULL;
    __atomic_store_n(&parcel->count, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&parcel->bytes, 0, __ATOMIC_RELAXED);
    return taken;
}

/* Take the marks off a parcel's blocks, and put them before `chain`. */
static struct object *unmark_all(struct object *first, struct object *chain)
{
    while (first != NULL) {
        struct object *payload = medium_unmark(mb_of_payload(first));
        first = payload->next;
        payload->next = chain;
        chain = payload;
    }
    return chain;
}

struct object *parcel_unpack(struct parcel *parcel, struct object *chain)
{
    return unmark_all(take_over(parcel).first, chain);
}

/* Put a parcel into an empty pigeonhole. False: there is none. */
static bool leave_in_hole(struct object *first)
{
    for (size_t i = 0; i < PARCEL_HOLES; i++) {
        struct object *none = NULL;
        if (__atomic_load_n(&holes[i], __ATOMIC_RELAXED) == NULL &&
            __atomic_compare_exchange_n(&holes[i], &none, first, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

void parcel_send(struct parcel *parcel)
{
    struct parcel sent = take_over(parcel);
    count_held(sent.bytes, sent.count); /* before somebody takes it */
    if (!leave_in_hole(sent.first)) {
        count_held(-sent.bytes, -sent.count);
        cores_free_chain(unmark_all(sent.first, NULL));
    }
}

bool parcels_exist(void)
{
    return parcels_count() != 0;
}

/* The first parcel that is found, out of its pigeonhole; NULL if there is none. */
static struct object *take_from_hole(void)
{
    struct object *first = NULL;
    for (size_t i = 0; i < PARCEL_HOLES && first == NULL; i++) {
        if (__atomic_load_n(&holes[i], __ATOMIC_RELAXED) != NULL) {
            first = __atomic_exchange_n(&holes[i], NULL, __ATOMIC_ACQUIRE);
        }
    }
    return first;
}

struct object *parcels_take(void)
{
    struct object *chain = unmark_all(take_from_hole(), NULL);
    size_t bytes = 0;
    size_t count = 0;
    for (struct object *o = chain; o != NULL; o = o->next) {
        bytes += mb_size(mb_of_payload(o));
        count++;
    }
    count_held(-bytes, -count);
    return chain;
}

bool parcels_flush(void)
{
    struct object *chain = parcels_take();
    bool has_any = chain != NULL;
    for (; chain != NULL; chain = parcels_take()) {
        cores_free_chain(chain);
    }
    return has_any;
}

void parcels_after_fork(void)
{
    parcels_flush();
    __atomic_store_n(&held_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&held_count, 0, __ATOMIC_RELAXED);
}

size_t parcels_bytes(void)
{
    return __atomic_load_n(&held_bytes, __ATOMIC_RELAXED);
}

size_t parcels_count(void)
{
    return __atomic_load_n(&held_count, __ATOMIC_RELAXED);
}
