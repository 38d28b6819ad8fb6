/*
 * The public functions that look at the heap as a whole.
 *
 * To a core a slab is one used block. Here its place is taken by its objects.
 */
#include "front/inspect.h"
#include "api/checked_alloc.h"
#include "api/heap.h"
#include "api/thread.h"
#include "check/checked.h"
#include "check/quarantine.h"
#include "check/sample.h"
#include "core/cores.h"
#include "front/live_map.h"
#include "front/registry.h"

/* Keep slabs and blocks from changing hands. False where there are none yet. */
static bool begin(void)
{
    if (!heap_start()) {
        return false;
    }
    front_settle();
    registry_lend();
    cores_lend();
    return true;
}

static void end(void)
{
    cores_take_back();
    registry_take_back();
}

struct walk {
    int (*visit)(const struct ma_block *block, void *context);
    void *context;
};

static int walk_block(const struct ma_block *block, void *context)
{
    const struct walk *walk = context;
    const struct slab *slab = slab_of(block->payload);
    if (slab != NULL) {
        return slab_walk(slab, walk->visit, walk->context);
    }
    if (block->is_used && medium_caches(block->size) && live_map_is(block->payload)) {
        return 0;
    }
    struct ma_block seen = *block;
    const struct checked *c =
        checked_is_on() && block->is_used ? checked_at_base(block->payload) : NULL;
    if (c != NULL) {
        seen.payload = checked_payload(c);
        seen.usable = c->size;
        return c->state == CHECKED_LIVE ? walk->visit(&seen, walk->context) : 0;
    }
    seen.is_used = block->is_used && !medium_holds_block(block->payload, block->size);
    return walk->visit(&seen, walk->context);
}

static int walk_core(struct ma_core *core, void *context)
{
    return core_walk(core, walk_block, context);
}

int ma_walk(int (*visit)(const struct ma_block *block, void *context), void *context)
{
    struct walk walk = {visit, context};
    if (!begin()) {
        return 0;
    }
    int result = cores_each(walk_core, &walk);
    result = result != 0 ? result : sample_walk(visit, context);
    end();
    return result;
}

static int check_core(struct ma_core *core, void *context)
{
    (void)context;
    return core_check(core);
}

int ma_check(void)
{
    quarantine_check();
    if (!begin()) {
        return 0;
    }
    int result = cores_each(check_core, NULL);
    result = result != 0 ? result : front_check(thread_heap());
    end();
    return result;
}

struct trim {
    size_t pad;
    int given;
};

static int trim_core(struct ma_core *core, void *context)
{
    struct trim *trim = context;
    trim->given |= core_trim(core, trim->pad);
    return 0;
}

int ma_trim(size_t pad)
{
    struct trim trim = {pad, 0};
    if (heap_start()) {
        heap_flush_caches();
        cores_each(trim_core, &trim);
    }
    return trim.given;
}

/* Before the cores are asked: each carries out afterwards what was put off there, and may give memory back then. */
static void note_usage(struct ma_stats *out)
{
    struct space_usage usage = space_usage();
    out->break_bytes = usage.break_bytes;
    out->mmap_bytes = usage.mmap_bytes;
    out->peak_heap_bytes = usage.peak_bytes;
    out->peak_mmap_bytes = usage.peak_mmap_bytes;
    out->mmap_count = usage.mmap_count;
    out->peak_mmap_count = usage.peak_mmap_count;
    out->table_bytes = usage.table_bytes;
}

static int add_core(struct ma_core *core, void *context)
{
    core_add_stats(core, context);
    return 0;
}

/* Other threads go on meanwhile: what a figure has more than the free memory is none of it. */
static void sum_up(struct ma_stats *out)
{
    size_t known = out->cached_bytes + out->dirty_bytes + out->blank_bytes;
    out->fragment_bytes = out->free_bytes > known ? out->free_bytes - known : 0;
    out->resident_bytes = out->live_bytes + out->cached_bytes + out->dirty_bytes +
                          out->fragment_bytes + out->overhead_bytes + out->table_bytes;
}

/* False: the heap has grown or shrunk meanwhile, by a signal handler or by what was carried out afterwards. */
static bool count_all(struct ma_stats *out)
{
    *out = (struct ma_stats){0};
    note_usage(out);
    size_t heap = out->break_bytes + out->mmap_bytes;
    cores_each(add_core, out);
    front_correct_stats(out);
    checked_correct_stats(out);
    sample_add_stats(out);
    struct space_usage now = space_usage();
    return now.break_bytes + now.mmap_bytes == heap;
}

void ma_stats(struct ma_stats *out)
{
    enum { TRIES = 3 };
    *out = (struct ma_stats){0};
    if (begin()) {
        for (int i = 0; i < TRIES && !count_all(out); i++) {
        }
        end();
        sum_up(out);
    }
}

int ma_owns(const void *address)
{
    return cores_owner_of(address) != NULL || sample_owns(address);
}
