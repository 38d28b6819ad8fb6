/*
 * Changing a block's size: in place where the neighbours allow.
 */
#include "core/core_locked.h"

#include <string.h>

/* Cut the used block `b` to `size` bytes; what is over becomes free. */
static void give_rest_locked(struct ma_core *core, struct mem_block *b, size_t size)
{
    if (mb_size(b) - size >= MB_MIN) {
        core_make_free_locked(core, mb_split(b, size));
    }
}

/* Let the used block `b` take in its free successor, if it has one. */
static void take_next_locked(struct ma_core *core, struct mem_block *b)
{
    struct mem_block *next = mb_next(b);
    if (!mb_is_used(next)) {
        bins_remove(&core->bins, next);
        mb_set_size(b, mb_size(b) + mb_size(next));
        mb_mark_used(b);
    }
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

/* Where only the segment's end hinders `b` from having `size` bytes, extend the segment. */
static void make_room_locked(struct ma_core *core, const struct mem_block *b, size_t size)
{
    if (mb_at(b, room_forward(b)) == segment_fence(core->growing)) {
        core_extend_locked(core, size - mb_size(b));
    }
}

/* Move the used block `b`, with `usable` bytes in it, down over its free predecessor. */
static struct mem_block *take_prev_locked(struct ma_core *core, struct mem_block *b, size_t usable)
{
    struct mem_block *prev = core_free_prev_locked(b);
    size_t size = mb_size(prev) + mb_size(b);
    bins_remove(&core->bins, prev);
    mb_set(b, mb_size(b), mb_flags(b) & ~MB_USED); /* so that a stale pointer is noticed */
    mb_set_size(prev, size);
    mb_mark_used(prev);
    memmove(mb_payload(prev), mb_payload(b), usable);
    return prev;
}

/* A block of at least `size` bytes with the contents of `b`, made of `b` and its
 * neighbours; NULL where they do not suffice. */
static struct mem_block *resize_locked(struct ma_core *core, struct mem_block *b, size_t size)
{
    size_t usable = mb_usable(b);
    size_t forward = room_forward(b);
    if (forward < size && forward + room_before(b) < size) {
        make_room_locked(core, b, size);
        if (room_forward(b) < size) {
            return NULL;
        }
    }
    if (size > mb_size(b)) {
        take_next_locked(core, b);
    }
    if (size > mb_size(b)) {
        b = take_prev_locked(core, b, usable);
    }
    give_rest_locked(core, b, size);
    core_note_used_locked(core, b, usable);
    return b;
}

void *core_realloc(struct ma_core *core, void *payload, size_t size)
{
    core_enter(core);
    struct mem_block *old = core_block_of(payload, "realloc");
    size_t usable = mb_usable(old);
    struct mem_block *b = resize_locked(core, old, mb_size_for(size));
    bool is_copied = b == NULL;
    if (is_copied) {
        b = core_allocate_locked(core, mb_size_for(size));
    }
    core_leave(core);
    if (b == NULL) {
        return NULL;
    }
    if (is_copied) {
        memcpy(mb_payload(b), payload, usable < size ? usable : size);
        core_free(core, payload);
    }
    return mb_payload(b);
}
