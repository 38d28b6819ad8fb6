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
    if (__builtin_expect(payload == parcel->first, 0)) {
        medium_refuse(payload, "free");
    }
    payload->next = parcel->first;
    object_set_block_mark(payload);
    /* What the parcel leads to has a mark: see medium_salvage(). */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    parcel->first = payload;
    __atomic_store_n(&parcel->count, parcel->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&parcel->bytes, parcel->bytes + size, __ATOMIC_RELAXED);
}

bool parcel_has(const struct parcel *parcel, const struct mem_block *b)
{
    const struct object *o = parcel->first;
    while (o != NULL && o != mb_payload(b)) {
        if (!medium_holds(o)) {
            medium_report(o, mb_size(mb_of_payload(o)));
        }
        o = o->next;
    }
    return o != NULL;
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
    for (size_t i = 0; i < PARCEL_HOLES; i++) {
        if (__atomic_load_n(&holes[i], __ATOMIC_RELAXED) != NULL) {
            return true;
        }
    }
    return false;
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
    bool has_any = parcels_exist();
    for (size_t i = 0; i < PARCEL_HOLES; i++) { /* others may go on sending */
        cores_free_chain(parcels_take());
    }
    return has_any;
}

void parcels_after_fork(void)
{
    parcels_flush();
    __atomic_store_n(&held_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&held_count, 0, __ATOMIC_RELAXED);
}

/* A child that a signal handler has forked amid parcels_take() may count what it does not have. */
static size_t not_negative(size_t held)
{
    return held <= PTRDIFF_MAX ? held : 0;
}

size_t parcels_bytes(void)
{
    return not_negative(__atomic_load_n(&held_bytes, __ATOMIC_RELAXED));
}

size_t parcels_count(void)
{
    return not_negative(__atomic_load_n(&held_count, __ATOMIC_RELAXED));
}
