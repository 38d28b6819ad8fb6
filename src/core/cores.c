/*
 * The process's cores, and which of them serves a call.
 *
 * The first core serves everything, save calls that interrupt it: a signal handler
 * that allocates while its thread is inside the first core is served by the second,
 * and so on. A thread inside all of them gets NULL.
 *
 * No call may wait for what it interrupted, nor may two calls wait for each other. So
 * a thread enters a core only while it is inside all those before it: the further cores
 * then have one user at a time, and what a thread frees in another core than the one that
 * serves it is put off until that core is left next. Whoever looks at all cores shuts
 * them to others first, in their order.
 */
#include "core/cores.h"

#include <string.h>

static struct ma_core cores[MA_CORE_COUNT];

void cores_start(void)
{
    for (int i = 0; i < MA_CORE_COUNT; i++) {
        core_init(&cores[i], i > 0);
    }
    /* A handler that interrupts the space cannot be given new memory, so there is some. */
    for (int i = 1; i < MA_CORE_COUNT; i++) {
        core_reserve(&cores[i]);
    }
}

/* The number of the first core after all that this thread is inside. */
static int first_usable(void)
{
    int i = lock_may_be_inside_any() ? MA_CORE_COUNT : 0;
    while (i > 0 && !core_is_entered(&cores[i - 1])) {
        i--;
    }
    return i;
}

/* The core that serves requests of this thread now; NULL if there is none. */
static struct ma_core *core_to_use(void)
{
    int i = first_usable();
    return i < MA_CORE_COUNT ? &cores[i] : NULL;
}

bool cores_are_entered(void)
{
    return first_usable() > 0;
}

void *cores_alloc(size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc(core, size) : NULL;
}

void *cores_alloc_below_top(size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_below_top(core, size) : NULL;
}

void *cores_alloc_zeroed(size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_zeroed(core, size) : NULL;
}

void *cores_alloc_aligned(size_t alignment, size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_aligned(core, alignment, size) : NULL;
}

void *cores_alloc_granule(void)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_granule(core) : NULL;
}

void cores_free(struct ma_core *core, void *payload)
{
    if (core == core_to_use()) {
        core_free(core, payload);
    } else {
        core_defer(core, payload);
    }
}

void *cores_realloc(struct ma_core *core, void *payload, size_t size)
{
    if (core == core_to_use()) {
        return core_realloc(core, payload, size);
    }
    size_t usable = core_usable_size(payload, "realloc");
    void *moved = cores_alloc(size);
    if (moved != NULL) {
        memcpy(moved, payload, usable < size ? usable : size);
        cores_free(core, payload);
    }
    return moved;
}

/* One turn takes what belongs to the first payload's core, under one lock. */
void cores_free_chain(void *payload)
{
    while (payload != NULL) {
        struct ma_core *core = cores_owner_of(payload);
        if (core == core_to_use()) {
            payload = core_free_chain(core, payload);
        } else {
            void *next = *(void **)payload;
            core_defer(core, payload);
            payload = next;
        }
    }
}

size_t cores_heap_bytes(void)
{
    return __atomic_load_n(&cores[0].heap_bytes, __ATOMIC_RELAXED);
}

struct ma_core *cores_owner_of(const void *address)
{
    struct segment *segment = space_segment_of(address);
    return segment != NULL ? segment->core : NULL;
}

int cores_each(int (*visit)(struct ma_core *core, void *context), void *context)
{
    int result = 0;
    int first = first_usable();
    cores_lend();
    for (int i = first; i < MA_CORE_COUNT && result == 0; i++) {
        result = visit(&cores[i], context);
    }
    cores_take_back();
    return result;
}

void cores_lend(void)
{
    for (int i = first_usable(); i < MA_CORE_COUNT; i++) {
        core_lend(&cores[i]);
    }
    space_lend();
}

void cores_take_back(void)
{
    space_take_back();
    for (int i = MA_CORE_COUNT - 1; i >= 0; i--) {
        core_take_back(&cores[i]);
    }
}
