/*
 * Runs: used blocks that lie one behind the other, taken or released together, for the cost of one.
 */
#include "core/core_locked.h"

void core_cut_run_locked(struct ma_core *core, struct mem_block *b, size_t size, size_t count)
{
    size_t left = mb_size(b);
    size_t flags = mb_flags(b);
    for (size_t i = 1; i < count; i++) {
        mb_set(b, size, flags);
        b = mb_at(b, size);
        left -= size;
        flags = MB_USED | MB_PREV_USED;
    }
    mb_set(b, left, flags);
    core_count_live_locked(core, -((count - 1) * MB_OVERHEAD));
    core->live_count += count - 1;
    core->allocate_count += count - 1;
}

/* The headers within stay behind, marked free, as they do where free blocks merge. */
void core_free_run(struct ma_core *core, void *payload, size_t count)
{
    core_enter(core);
    struct mem_block *first = core_block_of(payload, "free");
    size_t size = mb_size(first);
    for (size_t i = 1; i < count; i++) {
        struct mem_block *b = core_block_of(mb_payload(mb_at(first, size)), "free");
        size_t own_size = mb_size(b);
        mb_set(b, own_size, 0);
        size += own_size;
    }
    mb_set_size(first, size);
    core_count_live_locked(core, (count - 1) * MB_OVERHEAD);
    core->live_count -= count - 1;
    core_release_locked(core, first, written_all(first));
    core_leave(core);
}
