/*
 * Each payload is filled by where it lies, so that two heaps that look the same hold the same.
 */
#include "spin/core_states.h"

#include "core/tree_node.h"
#include "spin/expect.h"
#include "support/core_fixture.h"
#include "support/fake_os.h"

#include <string.h>

enum { ALIGNMENT = 64 };

static size_t others_count; /* payloads outside of the arena */
struct states_description states_description;
struct states_heap states_heap;
void *states_arena;

/* ---- The payloads that are in use ---- */

static unsigned seed_of(const struct states_live *live)
{
    return (unsigned)((live->payload - (char *)states_arena) / MA_ALIGNMENT);
}

static void add_live(char *payload, size_t size)
{
    size_t i = states_heap.live_count++;
    for (; i > 0 && states_heap.live[i - 1].payload > payload; i--) {
        states_heap.live[i] = states_heap.live[i - 1];
    }
    states_heap.live[i] = (struct states_live){payload, size};
    payload_fill(payload, size, seed_of(&states_heap.live[i]));
}

/* The same of what a request had, or NULL. */
static void add_served(char *payload, size_t size)
{
    if (payload != NULL) {
        add_live(payload, size);
    }
}

static struct states_live remove_live(size_t number)
{
    struct states_live live = states_heap.live[number];
    states_heap.live_count--;
    for (size_t i = number; i < states_heap.live_count; i++) {
        states_heap.live[i] = states_heap.live[i + 1];
    }
    return live;
}

static bool all_hold_what_was_written(void)
{
    for (size_t i = 0; i < states_heap.live_count; i++) {
        const struct states_live *live = &states_heap.live[i];
        if (!payload_holds(live->payload, live->size, live->size, seed_of(live))) {
            return false;
        }
    }
    return true;
}

/* Whether no payload has more room than a block's header and links would take of it. */
static bool none_is_too_large(void)
{
    for (size_t i = 0; i < states_heap.live_count; i++) {
        const struct states_live *live = &states_heap.live[i];
        if (mb_size(mb_of_payload(live->payload)) - mb_size_for(live->size) >= MB_MIN) {
            return false;
        }
    }
    return true;
}

/* ---- The description ---- */

static void describe(const void *bytes, size_t size)
{
    struct states_description *d = &states_description;
    MA_CHECK(d->length + size <= sizeof(d->bytes), "a heap's description is too long");
    memcpy(d->bytes + d->length, bytes, size);
    d->length += size;
}

static void describe_all(void)
{
    states_description = (struct states_description){0};
    const struct mem_block *end = mb_at(states_arena, STATES_ARENA);
    for (const struct mem_block *b = states_arena; b < end; b = mb_next(b)) {
        describe(&b->head, sizeof(b->head));
        if (!mb_is_used(b) && mb_size(b) <= MA_BINNED_MAX) {
            describe(&b->next_free, sizeof(b->next_free) + sizeof(b->prev_free));
        } else if (!mb_is_used(b)) {
            describe(&tree_node_of(b)->at, sizeof(struct tree_place));
        }
    }
    for (size_t i = 0; i < states_heap.live_count; i++) {
        describe(&states_heap.live[i].size, sizeof(states_heap.live[i].size));
    }
    describe(&states_heap.bins.top, sizeof(states_heap.bins.top));
}

/* ---- What holds after each step ---- */

static bool stands(void)
{
    bool is_sound = core_check(&states_heap.core) == 0;
    struct ma_stats stats = figures_of(&states_heap.core);
    bool holds = is_sound && expect(figures_add_up(&stats), "the figures do not add up") &&
                 expect(all_hold_what_was_written(), "a payload was overwritten") &&
                 expect(none_is_too_large(), "a block was not split") &&
                 expect(states_heap.core.live_count == states_heap.live_count + others_count,
                        "a block was lost, or is in use twice");
    describe_all();
    return holds;
}

/* ---- The free blocks before a step ---- */

struct hole {
    char *start;
    size_t size;
    bool is_top;
};

/* At most one more than there are payloads. */
static struct hole holes[STATES_LIVE_MAX + 1];
static size_t hole_count;

static void note_holes(void)
{
    hole_count = 0;
    const struct mem_block *end = mb_at(states_arena, STATES_ARENA);
    for (struct mem_block *b = states_arena; b < end; b = mb_next(b)) {
        if (!mb_is_used(b)) {
            holes[hole_count++] = (struct hole){(char *)b, mb_size(b), mb_is_fence(mb_next(b))};
        }
    }
}

/* The smallest of at least `size` bytes, and of two the lower one; NULL if there is none. */
static const struct hole *best_fit(size_t size)
{
    const struct hole *best = NULL;
    for (size_t i = 0; i < hole_count; i++) {
        if (holes[i].size >= size && (best == NULL || holes[i].size < best->size)) {
            best = &holes[i];
        }
    }
    return best;
}

/* The one that an address lies in. */
static const struct hole *hole_of(const char *address)
{
    for (size_t i = 0; i < hole_count; i++) {
        if (address >= holes[i].start && address < holes[i].start + holes[i].size) {
            return &holes[i];
        }
    }
    return NULL;
}

/* ---- The steps ---- */

void states_start(bool has_top)
{
    states_heap = (struct states_heap){0};
    mb_key = UINT64_C(0x9d3f5c71a2e84b06);
    fake_os_reset();
    core_init(&states_heap.core, &states_heap.bins, false);
    bool has_space = space_start();
    char *first = core_alloc(&states_heap.core, STATES_ARENA - MB_OVERHEAD);
    size_t rest = mb_size(tail_of(&states_heap.core)) - (has_top ? STATES_ARENA : 0);
    char *last = core_alloc(&states_heap.core, rest - MB_OVERHEAD);
    others_count = has_top ? 2 : 1;
    states_arena = has_top ? mb_next(mb_of_payload(last)) : mb_of_payload(first);
    if (!has_top) {
        core_free(&states_heap.core, first);
    }
    fake_os_refuse_from(0);
    MA_CHECK(has_space && stands(), "there is no heap to begin with");
}

size_t states_live_count(void)
{
    return states_heap.live_count;
}

/* Whether a request of `size` bytes that had `payload`, or NULL, was served by best fit. */
static bool is_best(const char *payload, size_t size)
{
    const struct hole *best = best_fit(mb_size_for(size));
    const struct hole *taken = payload != NULL ? hole_of(payload) : NULL;
    return expect((payload == NULL) == (best == NULL),
                  "a request was refused, or served from nothing") &&
           expect(best == NULL || (taken != NULL && taken->size == best->size),
                  "another block fits better") &&
           expect(best == NULL || best->size <= MA_BINNED_MAX || taken == best,
                  "in the tree a lower block fits as well");
}

bool states_allocate(size_t size)
{
    note_holes();
    char *payload = core_alloc(&states_heap.core, size);
    add_served(payload, size);
    return is_best(payload, size) && stands();
}

bool states_allocate_zeroed(size_t size)
{
    note_holes();
    char *payload = core_alloc_zeroed(&states_heap.core, size);
    bool is_zero = payload == NULL || payload_is_zero(payload, size);
    add_served(payload, size);
    return expect(is_zero, "zeroed memory is not zero") && is_best(payload, size) && stands();
}

bool states_allocate_aligned(size_t size)
{
    note_holes();
    char *payload = core_alloc_aligned(&states_heap.core, ALIGNMENT, size);
    const struct hole *wide = best_fit(mb_size_for(size) + ALIGNMENT + MA_ALIGNMENT);
    add_served(payload, size);
    return expect(payload != NULL || wide == NULL, "an aligned request was refused") &&
           expect((uintptr_t)payload % ALIGNMENT == 0, "a payload is not aligned") && stands();
}

bool states_allocate_below_top(size_t size)
{
    note_holes();
    struct core_request request = {.size = size, .source = CORE_BELOW_TOP};
    char *payload = core_serve(&states_heap.core, &request);
    const struct hole *best = best_fit(mb_size_for(size));
    add_served(payload, size);
    return expect(payload == NULL || !hole_of(payload)->is_top, "the top was touched") &&
           ((best != NULL && best->is_top) || is_best(payload, size)) && stands();
}

bool states_allocate_two(size_t size)
{
    note_holes();
    size_t count = 2;
    struct core_request request = {.size = size, .count = &count};
    char *payload = core_serve(&states_heap.core, &request);
    bool fits = is_best(payload, size);
    if (payload != NULL) {
        size_t most = hole_of(payload)->size / mb_size_for(size);
        fits = fits && expect(count == (most < 2 ? 1 : 2), "another count of blocks would fit");
        for (size_t i = 0; i < count; i++) {
            add_live(payload + i * mb_size_for(size), size);
        }
    }
    return fits && stands();
}

bool states_free(size_t number)
{
    core_free(&states_heap.core, remove_live(number).payload);
    return stands();
}

bool states_defer(size_t number)
{
    core_defer(&states_heap.core, remove_live(number).payload);
    return stands(); /* its check leaves the core, which frees the payload */
}

bool states_are_neighbours(size_t number)
{
    return number + 1 < states_heap.live_count &&
           mb_next(mb_of_payload(states_heap.live[number].payload)) ==
               mb_of_payload(states_heap.live[number + 1].payload);
}

bool states_free_two(size_t number)
{
    char *payload = remove_live(number).payload;
    remove_live(number);
    core_free_run(&states_heap.core, payload, 2);
    return stands();
}

bool states_realloc(size_t number, size_t size)
{
    note_holes();
    struct states_live old = remove_live(number);
    char *payload = core_realloc(&states_heap.core, old.payload, size);
    size_t kept = old.size < size ? old.size : size;
    bool holds = payload == NULL || payload_holds(payload, old.size, kept, seed_of(&old));
    const struct hole *best = best_fit(mb_size_for(size));
    if (payload != NULL) {
        add_live(payload, size);
    } else {
        add_live(old.payload, old.size);
    }
    return expect(holds, "realloc lost what was in the payload") &&
           expect(payload != NULL || (best == NULL && size > old.size), "realloc was refused") &&
           stands();
}
