/*
 * The public functions that look at the heap as a whole.
 */
#include "api/heap.h"

struct walk {
    int (*visit)(const struct ma_block *block, void *context);
    void *context;
};

static int walk_core(struct ma_core *core, void *context)
{
    const struct walk *walk = context;
    return core_walk(core, walk->visit, walk->context);
}

int ma_walk(int (*visit)(const struct ma_block *block, void *context), void *context)
{
    struct walk walk = {visit, context};
    return heap_each_core(walk_core, &walk);
}

static int check_core(struct ma_core *core, void *context)
{
    (void)context;
    return core_check(core);
}

int ma_check(void)
{
    return heap_each_core(check_core, NULL);
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
    heap_each_core(trim_core, &trim);
    return trim.given;
}

static int add_core(struct ma_core *core, void *context)
{
    struct ma_stats *out = context;
    core_add_stats(core, out);
    struct space_usage usage = space_usage(); /* the same each time: no other thread moves */
    out->break_bytes = usage.break_bytes;
    out->mmap_bytes = usage.mmap_bytes;
    out->peak_heap_bytes = usage.peak_bytes;
    out->peak_mmap_bytes = usage.peak_mmap_bytes;
    out->mmap_count = usage.mmap_count;
    out->peak_mmap_count = usage.peak_mmap_count;
    out->table_bytes = usage.table_bytes;
    return 0;
}

void ma_stats(struct ma_stats *out)
{
    *out = (struct ma_stats){0};
    heap_each_core(add_core, out);
}

int ma_owns(const void *address)
{
    return heap_core_of(address) != NULL;
}
