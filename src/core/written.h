/*
 * What is known of a free block's bytes: the run in which they may be other than zero.
 *
 * The system gives memory as zeros, and again after a purge. Outside of its run a free block is zero, but for its
 * first TREE_BLOCK_MIN bytes, in which its links lie (I9): calloc need not clear it, and no page of it is resident
 * but those that were populated ahead.
 */
#ifndef MA_CORE_WRITTEN_H
#define MA_CORE_WRITTEN_H

#include "core/mem_block.h"
#include "core/space.h"

#include <string.h>

/* Bytes at the begin of a free block that may hold its links: a node of the tree has so many. */
#define TREE_BLOCK_MIN ((size_t)96)

/* None where `start` is not below `end`. */
struct written {
    char *start;
    char *end;
};

static inline struct written written_none(void)
{
    return (struct written){NULL, NULL};
}

/* The whole of a block. */
static inline struct written written_all(const struct mem_block *b)
{
    return (struct written){(char *)b, (char *)mb_next(b)};
}

/* Where the links and the header of a free block were, or are. */
static inline struct written written_links(const struct mem_block *b)
{
    return (struct written){(char *)b, (char *)b + TREE_BLOCK_MIN};
}

static inline bool written_is_none(struct written run)
{
    return run.start >= run.end;
}

/* The smallest run that holds both. */
static inline struct written written_both(struct written a, struct written b)
{
    if (written_is_none(a) || written_is_none(b)) {
        return written_is_none(a) ? b : a;
    }
    return (struct written){a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
}

/* What lies between two addresses. */
static inline struct written written_within(struct written run, char *start, char *end)
{
    return (struct written){run.start > start ? run.start : start, run.end < end ? run.end : end};
}

/* What of the run lies in the free block behind its links. */
static inline struct written written_behind_links(struct written run, const struct mem_block *b)
{
    return written_within(run, (char *)b + TREE_BLOCK_MIN, (char *)mb_next(b));
}

/* The whole pages of a free block, behind its links, that the run reaches into: what a purge gives back. */
static inline struct written written_pages(struct written run, const struct mem_block *b)
{
    run = written_behind_links(run, b);
    if (written_is_none(run)) {
        return written_none();
    }
    size_t page = space_map.page_size;
    struct written pages = {bits_align_down(run.start, page), bits_align_up(run.end, page)};
    pages = written_within(pages, bits_align_up((char *)b + TREE_BLOCK_MIN, page),
                           bits_align_down((char *)mb_next(b), page));
    return written_is_none(pages) ? written_none() : pages;
}

/*
 * What may be other than zero in a block that two free neighbours have become, of which the upper, of `size` bytes, began at
 * `second`: its header and its links are inside now. Where all around them is blank they are cleared.
 */
static inline struct written written_merge(struct written lower, struct written upper,
                                           struct mem_block *second, size_t size)
{
    struct written links =
        written_within(written_links(second), (char *)second, (char *)second + size);
    bool is_apart = (written_is_none(lower) || lower.end < links.start) &&
                    (written_is_none(upper) || upper.start > links.end);
    if (is_apart) {
        memset(links.start, 0, (size_t)(links.end - links.start));
        return written_both(lower, upper);
    }
    return written_both(written_both(lower, links), upper);
}

static inline size_t written_size(struct written run)
{
    return written_is_none(run) ? 0 : (size_t)(run.end - run.start);
}

/* Bytes of the whole pages of a free block, behind its links, that the run does not reach into. */
static inline size_t written_blank_pages(struct written run, const struct mem_block *b)
{
    return written_size(written_pages(written_all(b), b)) - written_size(written_pages(run, b));
}

#endif
