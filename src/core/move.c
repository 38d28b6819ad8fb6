/*
 * Moves by page tables. Invariant I9.
 */
#include "core/move.h"

#include "core/seams.h"
#include "os/os.h"

#include <string.h>

bool move_is_worth(size_t usable)
{
    return usable >= MA_MOVE_MIN;
}

/* The whole pages that a payload of so many bytes has. */
static struct written pages_of(char *payload, size_t usable)
{
    return (struct written){bits_align_up(payload, space_map.page_size),
                            bits_align_down(payload + usable, space_map.page_size)};
}

struct core_request move_request(const struct mem_block *from, size_t size)
{
    struct core_request request = {.size = size};
    if (move_is_worth(mb_usable(from))) {
        char *payload = mb_payload(from);
        request.alignment = space_map.page_size;
        request.offset = (size_t)(bits_align_up(payload, space_map.page_size) - (const char *)from);
    }
    return request;
}

bool move_suits(const struct mem_block *from, const struct taken *to)
{
    size_t usable = mb_usable(from);
    if (!move_is_worth(usable)) {
        return false;
    }
    struct written source = pages_of(mb_payload(from), usable);
    struct written target = pages_of(mb_payload(to->block), usable);
    size_t seams = seams_between(source.start, source.end);
    size_t dirty = written_size(written_within(to->written, target.start, target.end));
    return usable / (seams + 1) >= MA_MOVE_RUN && seams + 2 + seams_count() <= MA_SEAM_MAX &&
           (dirty <= usable / 2 || usable >= MA_MOVE_ALWAYS);
}

/*
 * Move the pages of `source` to `target`, each mapping's for itself.
 *
 * @return the end of what was moved: short of the source's where the rest was refused, NULL where memory at the target was lost; then
 *         what was moved before is back.
 */
static char *move_pages(struct written source, char *target)
{
    char *from = source.start;
    while (from < source.end) {
        char *next = seams_next(from, source.end);
        char *to = target + (from - source.start);
        size_t size = (size_t)(next - from);
        enum os_move_result result = os_move(to, from, size);
        if (result == OS_MOVE_LOST) {
            memcpy(source.start, target, (size_t)(from - source.start));
            return NULL;
        }
        if (result == OS_MOVE_REFUSED) {
            return from;
        }
        seams_enclose(to, to + size);
        from = next;
    }
    return from;
}

bool move_contents(struct mem_block *from, struct mem_block *to, struct written *left)
{
    char *source = mb_payload(from);
    char *target = mb_payload(to);
    size_t usable = mb_usable(from);
    struct written pages = pages_of(source, usable);
    char *moved = move_pages(pages, target + (pages.start - source));
    if (moved == NULL) {
        return false;
    }
    size_t head = (size_t)(pages.start - source);
    size_t done = (size_t)(moved - source);
    memcpy(target, source, head);
    memcpy(target + done, moved, usable - done);
    *left = (struct written){moved, (char *)mb_next(from)};
    memset(source, 0, head);
    if (moved == pages.end) {
        memset(moved, 0, usable - done);
        *left = written_none();
    }
    return true;
}
