/*
 * Purging: pages inside free blocks go back to the system.
 *
 * A page that is free, and was written to, is dirty: it is resident, and of no use before a request comes that fits
 * there. To give it back costs a system call for its run, and a page fault when it is needed again: far more than all
 * else that is done here. So pages go that were not needed for a while: a short one where they are many, a long one where
 * they are few.
 */
#include "core/core_locked.h"

#include "base/options.h"
#include "os/os.h"

#include <string.h>

/* What a call may purge. Bytes. */
enum { PURGE_BATCH = 4 << 20 };

/* The clock is looked at once in so many releases. */
enum { LOOK_COUNT = 64 };

/* How much may stay for as long as options.decay_ms. */
static size_t dirty_max(const struct ma_core *core)
{
    size_t share = core->live_bytes / MA_DIRTY_SHARE;
    return share > MA_DIRTY_MIN ? share : MA_DIRTY_MIN;
}

static void clear(struct written run)
{
    if (!written_is_none(run)) {
        memset(run.start, 0, written_size(run));
    }
}

/*
 * Purge of the free block `b`, which is in no bin and of which `written` may be other than zero, what lies in `range`. Where
 * no dirty page is left, what is left of the run in pages that the block shares with others is cleared.
 *
 * @return what may be other than zero now.
 */
static MA_RARE struct written purge_range_locked(struct ma_core *core, const struct mem_block *b,
                                                 struct written written, struct written range)
{
    struct written pages = written_pages(written, b);
    pages = written_within(pages, range.start, range.end);
    if (written_is_none(pages)) {
        return written;
    }
    core->is_purge_refused = !os_purge(pages.start, written_size(pages));
    if (core->is_purge_refused) {
        return written;
    }
    core->purged_bytes += written_size(pages);
    written = written_behind_links(written, b);
    clear((struct written){pages.end, written.end});
    written.end = pages.start;
    if (written_size(written_pages(written, b)) == 0) {
        clear(written);
        written = written_none();
    }
    return written;
}

struct written core_purge_used(struct mem_block *b)
{
    struct written all = written_all(b);
    struct written pages = written_pages(all, b);
    if (written_is_none(pages) || !os_purge(pages.start, written_size(pages))) {
        return all;
    }
    char *payload = mb_payload(b);
    clear((struct written){payload, pages.start});
    clear((struct written){pages.end, (char *)mb_next(b)});
    return written_none();
}

/* From here on clearing costs more than new pages do. */
#define CLEAR_MAX ((size_t)128 << 10)

void core_clear(void *payload)
{
    struct mem_block *b = mb_of_payload(payload);
    if (mb_usable(b) < CLEAR_MAX || !written_is_none(core_purge_used(b))) {
        memset(payload, 0, mb_usable(b));
    }
}

/* Purge the last of a free block's dirty pages: up to `most` bytes, or all if it is in a bin. */
static void purge_block_locked(struct ma_core *core, struct mem_block *b, size_t most)
{
    struct written written = bins_remove(core->bins, b);
    struct written pages = written_pages(written, b);
    if (written_size(pages) > most && mb_size(b) > MA_BINNED_MAX) {
        pages.start = pages.end - most;
    }
    written = purge_range_locked(core, b, written, pages);
    bins_insert_written(core->bins, b, written, false);
}

bool core_purge_top_locked(struct ma_core *core, struct mem_block *b, size_t keep)
{
    size_t before = core->purged_bytes;
    struct written written = bins_remove(core->bins, b);
    struct written range = {bits_align_up((char *)b + keep, space_map.page_size),
                            (char *)mb_next(b)};
    written = purge_range_locked(core, b, written, range);
    bins_insert_written(core->bins, b, written, true);
    return core->purged_bytes > before;
}

bool core_purge_locked(struct ma_core *core, size_t bytes)
{
    const struct bins *bins = core->bins;
    size_t before = core->purged_bytes;
    size_t keep = bins->dirty.amount > bytes ? bins->dirty.amount - bytes : 0;
    struct mem_block *b = bins_dirty(bins);
    while (b != NULL && bins->dirty.amount > keep && !core->is_purge_refused) {
        purge_block_locked(core, b, bits_round_up(bins->dirty.amount - keep, space_map.page_size));
        b = bins_dirty(bins);
    }
    return core->purged_bytes > before;
}

void core_purge_some_locked(struct ma_core *core, size_t freed)
{
    size_t dirty = core->bins->dirty.amount;
    if (dirty > options.dirty_max) {
        core_purge_locked(core, bits_min(dirty - options.dirty_max, PURGE_BATCH + freed));
    }
    if (core->purge_due == 0 && dirty > 0 && ++core->release_count % LOOK_COUNT == 0) {
        core->purge_due = decay_due(&core->bins->dirty, dirty_max(core));
    }
    if (core->purge_due > 0) {
        size_t batch = bits_min(core->purge_due, PURGE_BATCH);
        core->purge_due -= batch;
        core_purge_locked(core, batch);
    }
}
