/*
 * Bins: lists by size below, a tree above.
 */
#include "core/bins.h"

#include "core/link.h"

_Static_assert(BINS_WORDS <= 64, "one summary word covers the bitmap");
_Static_assert(MA_BINNED_MAX >= TREE_BLOCK_MIN, "every block above the bins can be a node");

/* Blocks of this size hold a whole page behind their links, wherever they lie. Of smaller ones it is not noted whether
 * they are blank. */
static size_t purged_min(void)
{
    return 2 * space_map.page_size + TREE_BLOCK_MIN;
}

/* From this size on a top is trimmed, by granules: see core_trim_locked(). A smaller one is purged as any other block. */
#define TRIMMED_MIN (MA_GRANULE + MB_MIN)

static size_t index_of(size_t size)
{
    return size / MA_ALIGNMENT - 1;
}

static void set_bit(struct bin_set *set, size_t index)
{
    set->map[index / 64] |= UINT64_C(1) << (index % 64);
    set->summary |= UINT64_C(1) << (index / 64);
}

static void clear_bit(struct bin_set *set, size_t index)
{
    set->map[index / 64] &= ~(UINT64_C(1) << (index % 64));
    if (set->map[index / 64] == 0) {
        set->summary &= ~(UINT64_C(1) << (index / 64));
    }
}

/* The first bin at or after `index` that holds a block; BINS_COUNT if there is none. */
static size_t next_filled(const struct bin_set *set, size_t index)
{
    size_t word = index / 64;
    uint64_t here = set->map[word] & (~UINT64_C(0) << (index % 64));
    if (here != 0) {
        return word * 64 + bits_lowest(here);
    }
    if (word == BINS_WORDS - 1) {
        return BINS_COUNT;
    }
    uint64_t later = set->summary & (~UINT64_C(0) << (word + 1));
    if (later == 0) {
        return BINS_COUNT;
    }
    word = bits_lowest(later);
    return word * 64 + bits_lowest(set->map[word]);
}

/* The last bin that holds a block; BINS_COUNT if there is none. */
static size_t last_filled(const struct bin_set *set)
{
    if (set->summary == 0) {
        return BINS_COUNT;
    }
    size_t word = bits_highest(set->summary);
    return word * 64 + bits_highest(set->map[word]);
}

/* What stands for "none" in the links of a bin's blocks. Not NULL: memory that is cleared
 * after it was freed would look like a list's end. */
static struct mem_block *list_end(const struct bin_set *set, size_t index)
{
    return (struct mem_block *)&set->first[index];
}

static void list_push(struct bin_set *set, struct mem_block *b, size_t size)
{
    size_t index = index_of(size);
    struct mem_block *next = set->first[index];
    b->prev_free = list_end(set, index);
    b->next_free = next;
    if (next != NULL) {
        next->prev_free = b;
    } else {
        b->next_free = list_end(set, index);
        set_bit(set, index);
    }
    set->first[index] = b;
}

static void list_unlink(struct bin_set *set, struct mem_block *b, size_t size)
{
    size_t index = index_of(size);
    const struct mem_block *end = list_end(set, index);
    struct mem_block *next = b->next_free;
    struct mem_block *prev = b->prev_free;
    bool prev_agrees =
        prev == end ? set->first[index] == b : link_is_readable(prev) && prev->next_free == b;
    bool next_agrees = next == end || (link_is_readable(next) && next->prev_free == b);
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
    set->first[index] = next != end ? next : NULL;
    if (next == end) {
        clear_bit(set, index);
    }
}

/* What the links of the top are while it is in no list. */
static struct mem_block *top_end(const struct bins *bins)
{
    return (struct mem_block *)&bins->top;
}

static void top_hold(struct bins *bins, struct mem_block *b)
{
    b->prev_free = top_end(bins);
    b->next_free = top_end(bins);
    bins->top = b;
}

static bool top_is_sound(const struct bins *bins)
{
    const struct mem_block *b = bins->top;
    return b->prev_free == top_end(bins) && b->next_free == top_end(bins);
}

static void top_release(struct bins *bins)
{
    if (__builtin_expect(!top_is_sound(bins), 0)) {
        link_report(bins->top);
    }
    bins->top = NULL;
}

/* Whether the top is in no list, and holds `size` bytes. */
static bool top_holds(const struct bins *bins, size_t size)
{
    return bins->top != NULL && mb_size(bins->top) >= size;
}

struct written bins_written(const struct mem_block *b)
{
    if (mb_size(b) > MA_BINNED_MAX) {
        return tree_written(b);
    }
    return mb_is_blank(b) ? written_none() : written_all(b);
}

/* How many bytes of whole pages a binned block of `size` bytes has behind its links, wherever it lies, unless it is blank. */
static size_t binned_dirty(size_t size, bool is_blank)
{
    return size >= purged_min() && !is_blank
               ? bits_round_down(size - TREE_BLOCK_MIN - space_map.page_size, space_map.page_size)
               : 0;
}

/* File a block of at most MA_BINNED_MAX bytes: of those it is only known whether they are all blank. */
static void insert_binned(struct bins *bins, struct mem_block *b, size_t size,
                          struct written written, bool is_top)
{
    bool is_blank = size >= purged_min() && written_is_none(written_behind_links(written, b));
    if (mb_is_blank(b) != is_blank) {
        mb_set(b, size, mb_flags(b) ^ MB_BLANK);
    }
    decay_add(&bins->dirty, binned_dirty(size, is_blank));
    if (is_top && bins->top == NULL) {
        top_hold(bins, b);
    } else {
        list_push(&bins->sets[is_blank], b, size);
    }
}

void bins_insert_written(struct bins *bins, struct mem_block *b, struct written written,
                         bool is_top)
{
    MA_ASSERT(!mb_is_used(b));
    size_t size = mb_size(b);
    if (size <= MA_BINNED_MAX) {
        insert_binned(bins, b, size, written, is_top);
    } else {
        bool is_trimmed = is_top && size >= TRIMMED_MIN;
        size_t dirty = is_trimmed ? 0 : written_size(written_pages(written, b));
        decay_add(&bins->dirty, dirty);
        tree_insert(&bins->tree, b, written, dirty);
    }
    bins->block_count++;
    bins->bytes += size;
}

static struct written remove_binned(struct bins *bins, struct mem_block *b, size_t head)
{
    size_t size = head & MB_SIZE_MAX;
    bool is_blank = (head & MB_BLANK) != 0;
    if (b == bins->top) {
        top_release(bins);
    } else {
        list_unlink(&bins->sets[is_blank], b, size);
    }
    decay_take(&bins->dirty, binned_dirty(size, is_blank));
    return is_blank ? written_none() : (struct written){(char *)b, (char *)mb_at(b, size)};
}

struct written bins_remove_for(struct bins *bins, struct mem_block *b, const struct mem_block *to,
                               size_t size)
{
    size_t head = mb_head(b);
    MA_CHECK(mb_head_is_sealed(b, head) && (head & MB_USED) == 0,
             "heap corrupted: the header of the free block at %p was overwritten", mb_payload(b));
    size_t own_size = head & MB_SIZE_MAX;
    bins->block_count--;
    bins->bytes -= own_size;
    if (own_size <= MA_BINNED_MAX) {
        return remove_binned(bins, b, head);
    }
    if (size > MA_BINNED_MAX) {
        tree_remove_for(&bins->tree, b, to, size);
    } else {
        tree_remove(&bins->tree, b);
    }
    decay_take(&bins->dirty, tree_dirty_bytes(b));
    return tree_written(b);
}

struct written bins_remove(struct bins *bins, struct mem_block *b)
{
    return bins_remove_for(bins, b, NULL, 0);
}

struct mem_block *bins_best_fit(const struct bins *bins, size_t size)
{
    if (size <= MA_BINNED_MAX) {
        size_t index = next_filled(&bins->sets[0], index_of(size));
        size_t blank =
            bins->sets[1].summary != 0 ? next_filled(&bins->sets[1], index_of(size)) : BINS_COUNT;
        size_t least = blank < index ? blank : index;
        if (top_holds(bins, size) && index_of(mb_size(bins->top)) < least) {
            return bins->top;
        }
        if (least < BINS_COUNT) {
            return bins->sets[blank < index].first[least];
        }
    }
    return tree_best_fit(&bins->tree, size);
}

struct mem_block *bins_dirty(const struct bins *bins)
{
    if (bins->tree.oldest_dirty != NULL) {
        return bins->tree.oldest_dirty;
    }
    size_t index = last_filled(&bins->sets[0]);
    struct mem_block *b = index < BINS_COUNT ? bins->sets[0].first[index] : NULL;
    if (b != NULL && mb_size(b) >= purged_min()) {
        return b;
    }
    return top_holds(bins, purged_min()) && !mb_is_blank(bins->top) ? bins->top : NULL;
}

size_t bins_largest(const struct bins *bins)
{
    const struct mem_block *largest = tree_largest(&bins->tree);
    if (largest != NULL) {
        return mb_size(largest);
    }
    size_t size = bins->top != NULL ? mb_size(bins->top) : 0;
    for (int blank = 0; blank < 2; blank++) {
        size_t index = last_filled(&bins->sets[blank]);
        size_t last = index < BINS_COUNT ? (index + 1) * MA_ALIGNMENT : 0;
        size = last > size ? last : size;
    }
    return size;
}

size_t bins_blank_bytes(const struct bins *bins)
{
    size_t bytes = tree_blank_bytes(&bins->tree);
    if (bins->top != NULL && mb_is_blank(bins->top)) {
        bytes += written_blank_pages(written_none(), bins->top);
    }
    const struct bin_set *set = &bins->sets[1];
    for (size_t i = 0; i < BINS_COUNT && (i = next_filled(set, i)) < BINS_COUNT; i++) {
        for (const struct mem_block *b = set->first[i]; b != list_end(set, i); b = b->next_free) {
            bytes += written_blank_pages(written_none(), b);
        }
    }
    return bytes;
}

struct bin_counts {
    size_t count;
    size_t bytes;
    size_t dirty_bytes;
};

static MA_RARE void count_block(struct bin_counts *counts, const struct mem_block *b)
{
    counts->count++;
    counts->bytes += mb_size(b);
    counts->dirty_bytes += binned_dirty(mb_size(b), mb_is_blank(b));
}

/* Check the list of one bin and add it to the counts. */
static bool list_is_sound(const struct bin_set *set, bool is_blank, size_t index,
                          struct bin_counts *counts)
{
    const struct mem_block *end = list_end(set, index);
    const struct mem_block *prev = end;
    const struct mem_block *b = set->first[index] != NULL ? set->first[index] : end;
    for (; b != end; prev = b, b = b->next_free) {
        if (!link_is_sound(b) || index_of(mb_size(b)) != index || b->prev_free != prev ||
            mb_is_blank(b) != is_blank) {
            return false;
        }
        count_block(counts, b);
    }
    bool is_marked = (set->map[index / 64] >> (index % 64) & 1) != 0;
    return is_marked == (set->first[index] != NULL);
}

static MA_RARE bool set_is_sound(const struct bin_set *set, bool is_blank,
                                 struct bin_counts *counts)
{
    for (size_t index = 0; index < BINS_COUNT; index++) {
        if (!list_is_sound(set, is_blank, index, counts)) {
            return false;
        }
    }
    for (size_t word = 0; word < BINS_WORDS; word++) {
        bool is_marked = (set->summary >> word & 1) != 0;
        if (is_marked != (set->map[word] != 0)) {
            return false;
        }
    }
    return true;
}

/* Check the top, where it is in no list, and add it to the counts. */
static bool top_is_counted(const struct bins *bins, struct bin_counts *counts)
{
    const struct mem_block *b = bins->top;
    if (b == NULL) {
        return true;
    }
    if (!link_is_sound(b) || mb_size(b) > MA_BINNED_MAX || !top_is_sound(bins)) {
        return false;
    }
    count_block(counts, b);
    return true;
}

bool bins_check(const struct bins *bins)
{
    struct bin_counts counts = {0};
    return top_is_counted(bins, &counts) &&
           tree_check(&bins->tree, &counts.count, &counts.bytes, &counts.dirty_bytes) &&
           set_is_sound(&bins->sets[0], false, &counts) &&
           set_is_sound(&bins->sets[1], true, &counts) && counts.count == bins->block_count &&
           counts.bytes == bins->bytes && counts.dirty_bytes == bins->dirty.amount;
}
