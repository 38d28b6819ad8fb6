/*
 * Changing a block's size: in place where the neighbours allow.
 */
#include "core/core_locked.h"

#include "core/huge.h"
#include "core/move.h"

#include <string.h>

/* Cut the used block `b`, of which `written` may be other than zero, to `size` bytes; what is over becomes free. */
static void give_rest_locked(struct ma_core *core, struct mem_block *b, size_t size,
                             struct written written)
{
    if (mb_size(b) - size >= MB_MIN) {
        core_make_free_locked(core, mb_split(b, size), written);
    }
}

/* Let the used block `b` take in its free successor, if it has one: what of both may be other than zero. */
static struct written take_next_locked(struct ma_core *core, struct mem_block *b)
{
    struct mem_block *next = mb_next(b);
    struct written written = written_all(b);
    if (!mb_is_used(next)) {
        written = written_both(written, written_links(next));
        written = written_both(written, bins_remove(core->bins, next));
        mb_set_size(b, mb_size(b) + mb_size(next));
        mb_mark_used(b);
    }
    return written;
}

/* The bytes `b` would have with its successor. */
static size_t room_forward(const struct mem_block *b)
{
    const struct mem_block *next = mb_next(b);
    return mb_size(b) + (mb_is_used(next) ? 0 : mb_size(next));
}

/* The bytes `b` could take from its predecessor. */
static size_t room_before(const struct mem_block *b)
{
    return mb_prev_is_used(b) ? 0 : mb_size(core_free_prev_locked(b));
}

/* Whether a free block holds `size` bytes, wherever in it a move by whole pages wants them. */
static bool has_hole(const struct ma_core *core, size_t size)
{
    return bins_best_fit(core->bins, size + 2 * space_map.page_size) != NULL;
}

/*
 * Where only the segment's end hinders `b` from having `size` bytes, extend the segment. Not where a hole would do instead, if there is
 * the choice: of blocks that grow and are cut to size, each would begin where the one before has ended, and what the old ones leave is
 * never used again.
 */
static void make_room_locked(struct ma_core *core, const struct mem_block *b, size_t size,
                             bool has_choice)
{
    if (mb_at(b, room_forward(b)) == segment_fence(core->growing) &&
        !(has_choice && has_hole(core, size))) {
        core_extend_locked(core, size - mb_size(b));
    }
}

/* Move the used block `b`, with `usable` bytes in it, down over its free predecessor. */
static struct mem_block *take_prev_locked(struct ma_core *core, struct mem_block *b, size_t usable)
{
    struct mem_block *prev = core_free_prev_locked(b);
    size_t size = mb_size(prev) + mb_size(b);
    bins_remove(core->bins, prev);
    mb_set(b, mb_size(b), mb_flags(b) & ~MB_USED); /* so that a stale pointer is noticed */
    mb_set_size(prev, size);
    mb_mark_used(prev);
    memmove(mb_payload(prev), mb_payload(b), usable);
    return prev;
}

/*
 * A block of at least `size` bytes with the contents of `b`, made of `b` and its neighbours: of the one before only where
 * the contents may slide down, byte by byte. NULL where they do not suffice.
 */
static struct mem_block *resize_locked(struct ma_core *core, struct mem_block *b, size_t size,
                                       bool may_slide, bool has_choice)
{
    size_t usable = mb_usable(b);
    size_t forward = room_forward(b);
    if (forward < size && forward + (may_slide ? room_before(b) : 0) < size) {
        make_room_locked(core, b, size, has_choice);
        if (room_forward(b) < size) {
            return NULL;
        }
    }
    struct written written = written_all(b);
    if (size > mb_size(b)) {
        written = take_next_locked(core, b);
    }
    if (size > mb_size(b)) {
        b = take_prev_locked(core, b, usable);
        written.start = (char *)b;
    }
    give_rest_locked(core, b, size, written);
    core_note_used_locked(core, b, usable);
    return b;
}

/*
 * Give `to`, a new block, what the used block `from` holds, which is released.
 *
 * @return false where `to` cannot be used: it is never released. `from` is then as it was.
 */
static bool replace(struct ma_core *core, struct mem_block *from, const struct taken *to)
{
    struct written left = written_all(from);
    if (move_suits(from, to)) {
        if (!move_contents(from, to->block, &left)) {
            return false;
        }
    } else {
        memcpy(mb_payload(to->block), mb_payload(from), mb_usable(from));
    }
    core_enter(core);
    core_release_locked(core, core_block_of(mb_payload(from), "realloc"), left);
    core_leave(core);
    return true;
}

void *core_realloc(struct ma_core *core, void *payload, size_t size)
{
    core_enter(core);
    struct mem_block *old = core_block_of(payload, "realloc");
    size_t wanted = mb_size_for(size);
    if (wanted > mb_size(old) && core_denies_locked(core, wanted)) {
        core_leave(core);
        return NULL;
    }
    bool may_move = move_is_worth(mb_usable(old));
    struct mem_block *b = resize_locked(core, old, wanted, !may_move, true);
    struct taken taken = {NULL, written_none()};
    if (b == NULL) {
        struct core_request request = move_request(old, size);
        taken = core_take_locked(core, &request);
    }
    if (b == NULL && taken.block == NULL) {
        b = resize_locked(core, old, wanted, true, false);
    }
    core_leave(core);
    if (b == NULL && taken.block != NULL && replace(core, old, &taken)) {
        b = taken.block;
    }
    if (b == NULL) {
        return NULL;
    }
    huge_advise(b, true);
    return mb_payload(b);
}
