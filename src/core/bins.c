/*
 * Bins: lists by size below, a tree above.
 */
#include "core/bins.h"

#include "core/link.h"

_Static_assert(BINS_WORDS == 64, "one summary word covers the bitmap");
_Static_assert(MA_BINNED_MAX >= TREE_BLOCK_MIN, "every block above the bins can be a node");

static bool is_binned(const struct mem_block *b)
{
    return mb_size(b) <= MA_BINNED_MAX;
}

static size_t index_of(size_t size)
{
    return size / MA_ALIGNMENT - 1;
}

static void set_bit(struct bins *bins, size_t index)
{
    bins->map[index / 64] |= UINT64_C(1) << (index % 64);
    bins->summary |= UINT64_C(1) << (index / 64);
}

static void clear_bit(struct bins *bins, size_t index)
{
    bins->map[index / 64] &= ~(UINT64_C(1) << (index % 64));
    if (bins->map[index / 64] == 0) {
        bins->summary &= ~(UINT64_C(1) << (index / 64));
    }
}

/* The first bin at or after `index` that holds a block; BINS_COUNT if there is none. */
static size_t next_filled(const struct bins *bins, size_t index)
{
    size_t word = index / 64;
    uint64_t here = bins->map[word] & (~UINT64_C(0) << (index % 64));
    if (here != 0) {
        return word * 64 + bits_lowest(here);
    }
    if (word == BINS_WORDS - 1) {
        return BINS_COUNT;
    }
    uint64_t later = bins->summary & (~UINT64_C(0) << (word + 1));
    if (later == 0) {
        return BINS_COUNT;
    }
    word = bits_lowest(later);
    return word * 64 + bits_lowest(bins->map[word]);
}

/* What stands for "none" in the links of a bin's blocks. Not NULL: memory that is cleared
 * after it was freed would look like a list's end. */
static struct mem_block *list_end(const struct bins *bins, size_t index)
{
    return (struct mem_block *)&bins->first[index];
}

static void list_push(struct bins *bins, struct mem_block *b)
{
    size_t index = index_of(mb_size(b));
    struct mem_block *next = bins->first[index];
    b->prev_free = list_end(bins, index);
    b->next_free = next;
    if (next != NULL) {
        next->prev_free = b;
    } else {
        b->next_free = list_end(bins, index);
        set_bit(bins, index);
    }
    bins->first[index] = b;
}

static void list_unlink(struct bins *bins, struct mem_block *b)
{
    size_t index = index_of(mb_size(b));
    const struct mem_block *end = list_end(bins, index);
    struct mem_block *next = b->next_free;
    struct mem_block *prev = b->prev_free;
    bool prev_agrees =
        prev == end ? bins->first[index] == b : link_is_sound(prev) && prev->next_free == b;
    bool next_agrees = next == end || (link_is_sound(next) && next->prev_free == b);
    if (__builtin_expect(!prev_agrees || !next_agrees, 0)) {
        link_report(b);
    }
    if (next != end) {
        next->prev_free = prev;
    }
    if (prev != end) {
        prev->next_free = next;
        return;
    }
    bins->first[index] = next != end ? next : NULL;
    if (next == end) {
        clear_bit(bins, index);
    }
}

void bins_insert(struct bins *bins, struct mem_block *b)
{
    MA_ASSERT(!mb_is_used(b));
    if (is_binned(b)) {
        list_push(bins, b);
    } else {
        tree_insert(&bins->tree, b);
    }
    bins->block_count++;
    bins->bytes += mb_size(b);
}

void bins_remove(struct bins *bins, struct mem_block *b)
{
    MA_CHECK(mb_is_sealed(b) && !mb_is_used(b),
             "heap corrupted: the header of the free block at %p was overwritten", mb_payload(b));
    if (is_binned(b)) {
        list_unlink(bins, b);
    } else {
        tree_remove(&bins->tree, b);
    }
    bins->block_count--;
    bins->bytes -= mb_size(b);
}

struct mem_block *bins_best_fit(const struct bins *bins, size_t size)
{
    if (size <= MA_BINNED_MAX) {
        size_t index = next_filled(bins, index_of(size));
        if (index < BINS_COUNT) {
            return bins->first[index];
        }
    }
    return tree_best_fit(&bins->tree, size);
}

size_t bins_largest(const struct bins *bins)
{
    const struct mem_block *largest = tree_largest(&bins->tree);
    if (largest != NULL) {
        return mb_size(largest);
    }
    if (bins->summary == 0) {
        return 0;
    }
    size_t word = bits_highest(bins->summary);
    return (word * 64 + bits_highest(bins->map[word]) + 1) * MA_ALIGNMENT;
}

/* Check the list of one bin and add it to the counts. */
static bool list_is_sound(const struct bins *bins, size_t index, size_t *count, size_t *bytes)
{
    const struct mem_block *end = list_end(bins, index);
    const struct mem_block *prev = end;
    const struct mem_block *b = bins->first[index] != NULL ? bins->first[index] : end;
    for (; b != end; prev = b, b = b->next_free) {
        if (!link_is_sound(b) || index_of(mb_size(b)) != index || b->prev_free != prev) {
            return false;
        }
        (*count)++;
        *bytes += mb_size(b);
    }
    bool is_marked = (bins->map[index / 64] >> (index % 64) & 1) != 0;
    return is_marked == (bins->first[index] != NULL);
}

bool bins_check(const struct bins *bins)
{
    size_t count = 0;
    size_t bytes = 0;
    if (!tree_check(&bins->tree, &count, &bytes)) {
        return false;
    }
    for (size_t index = 0; index < BINS_COUNT; index++) {
        if (!list_is_sound(bins, index, &count, &bytes)) {
            return false;
        }
    }
    for (size_t word = 0; word < BINS_WORDS; word++) {
        bool is_marked = (bins->summary >> word & 1) != 0;
        if (is_marked != (bins->map[word] != 0)) {
            return false;
        }
    }
    return count == bins->block_count && bytes == bins->bytes;
}
