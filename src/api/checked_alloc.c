/*
 * Where checked blocks come from, and where they go.
 */
#include "api/checked_alloc.h"

#include "api/heap.h"
#include "base/bits.h"
#include "base/config.h"
#include "check/checked.h"
#include "check/quarantine.h"
#include "check/sites.h"
#include "core/cores.h"

#include <errno.h>
#include <string.h>

/* What is freed is filled, but for blocks that are larger than this, and not kept either: most of a huge one was maybe never touched. Bytes. */
#define FILL_MAX ((size_t)1 << 20)

/* Atomic: usable bytes of the core's blocks that have checked ones in them, and the bytes of live payloads in these. */
static size_t base_bytes;
static size_t live_bytes;
static size_t released_count; /* atomic */

static void count(size_t *figure, size_t change)
{
    __atomic_fetch_add(figure, change, __ATOMIC_RELAXED);
}

static size_t read_figure(const size_t *figure)
{
    return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

void checked_correct_stats(struct ma_stats *stats)
{
    size_t around = read_figure(&base_bytes) - read_figure(&live_bytes);
    size_t released = read_figure(&released_count);
    stats->live_bytes -= around;
    stats->live_count -= released;
    stats->overhead_bytes += around;
}

void checked_start(void)
{
    options.front = 0;
    if (options.check >= 2) {
        quarantine_start();
    }
    if (options.leaks != 0) {
        sites_start();
    }
}

/* The core's block of a released checked block serves others. */
static void give_back(struct checked *c)
{
    void *base = checked_base(c);
    count(&base_bytes, -mb_usable(mb_of_payload(base)));
    count(&released_count, (size_t)-1);
    checked_retire(c);
    if (options.zero != 0) {
        core_clear(base);
    }
    cores_free(cores_owner_of(base), base);
}

/*
 * Memory is out for a request of `size` bytes: what is kept goes. False: nothing was; or it would be of no use, as all the heap has
 * is less, or as a signal handler has interrupted a core, which takes nothing back until it is left.
 */
static bool empty_quarantine(size_t size)
{
    bool has_any = false;
    struct space_usage usage = space_usage();
    if (cores_are_entered() || size > usage.break_bytes + usage.mmap_bytes) {
        return false;
    }
    for (struct checked *c = quarantine_take(); c != NULL; c = quarantine_take()) {
        give_back(c);
        has_any = true;
    }
    return has_any;
}

static void *alloc_base(size_t room, bool is_zeroed)
{
    void *base = is_zeroed ? heap_alloc_zeroed(room) : heap_alloc(room);
    if (base == NULL && empty_quarantine(room)) {
        base = is_zeroed ? heap_alloc_zeroed(room) : heap_alloc(room);
    }
    return base;
}

void *checked_alloc(size_t alignment, size_t size, bool is_zeroed)
{
    bool guard = options.check >= 3;
    size_t room;
    void *base = checked_room(alignment, size, guard, &room) ? alloc_base(room, is_zeroed) : NULL;
    if (base == NULL && guard) { /* it takes pages, of which a signal handler may have few */
        guard = false;
        base = checked_room(alignment, size, guard, &room) ? alloc_base(room, is_zeroed) : NULL;
    }
    if (base == NULL) {
        return NULL;
    }
    count(&base_bytes, mb_usable(mb_of_payload(base)));
    count(&live_bytes, size);
    uint32_t site = options.leaks != 0 ? sites_add(size) : 0;
    return checked_make(base, alignment, size, guard, site);
}

bool checked_has(const void *payload)
{
    return checked_of(payload) != NULL;
}

void checked_note_family(void *payload, enum checked_family family)
{
    struct checked *c = checked_of(payload);
    if (c != NULL) {
        checked_set_family(c, family);
    }
}

void checked_claim(void *payload, enum checked_family family)
{
    const char *caller = family == FAMILY_NEW ? "operator delete" : "operator delete[]";
    struct checked *c = checked_of(payload);
    if (c != NULL) {
        checked_require(c, caller);
        checked_require_family(c, family, caller);
        checked_set_family(c, family == FAMILY_NEW ? FAMILY_MALLOC : FAMILY_NEW);
    }
}

void checked_free(void *payload, const char *caller)
{
    struct checked *c = checked_of(payload);
    checked_require(c, caller);
    checked_require_family(c, FAMILY_MALLOC, caller);
    if (options.leaks != 0) {
        sites_remove(c->site, c->size);
    }
    count(&live_bytes, -c->size);
    count(&released_count, 1);
    int saved_errno = errno; /* the core may give memory back to the system */
    checked_release(c);
    struct checked *old = c;
    if (options.check >= 2) {
        size_t bytes = c->lead + c->size;
        if (bytes <= bits_max(options.quarantine, FILL_MAX)) {
            checked_fill(c);
        }
        old = quarantine_put(c, bytes);
    }
    while (old != NULL) {
        give_back(old);
        old = quarantine_take_surplus();
    }
    errno = saved_errno;
}

void *checked_realloc(void *payload, size_t size)
{
    size_t old_size = checked_usable_size(payload, "realloc");
    checked_require_family(checked_of(payload), FAMILY_MALLOC, "realloc");
    void *moved = checked_alloc(MA_ALIGNMENT, size, false);
    if (moved != NULL) {
        memcpy(moved, payload, old_size < size ? old_size : size);
        checked_free(payload, "realloc");
    }
    return moved;
}

size_t checked_usable_size(const void *payload, const char *caller)
{
    const struct checked *c = checked_of(payload);
    checked_require(c, caller);
    return c->size;
}
