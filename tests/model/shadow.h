/*
 * The model: what a heap must look like, kept outside of it.
 *
 * Each live block is filled over all of its usable bytes with a pattern that follows from a
 * number of its own, so that an overlap, a move that loses bytes or a stray write shows when the
 * pattern is looked at. The tables live in mappings, so that libc's malloc has no part in this.
 */
#ifndef MA_TESTS_MODEL_SHADOW_H
#define MA_TESTS_MODEL_SHADOW_H

#include "support/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live {
    unsigned char *payload;
    size_t size;      /* requested */
    size_t usable;    /* as ma_usable_size() said, all of it filled */
    size_t alignment; /* requested; 16 where none was */
    bool is_aligned;  /* from a function that takes an alignment */
    uint64_t pattern;
};

struct shadow {
    struct live *live;
    size_t count;
    size_t room;
    size_t bytes;     /* requested, of all live blocks */
    uint64_t usable;  /* usable, of all live blocks */
    uint64_t created; /* blocks so far; gives each pattern its number */
};

void shadow_init(struct shadow *shadow, size_t room);

/* Fill `bytes` bytes with the pattern of number `pattern`. */
void pattern_fill(unsigned char *bytes, size_t size, uint64_t pattern);

/* The offset of the first byte that is not the pattern's; `size` if all are. */
size_t pattern_mismatch(const unsigned char *bytes, size_t size, uint64_t pattern);

/* The offset of two words, one behind the other, as some pattern has them; `size` if there are none. */
size_t pattern_find(const unsigned char *bytes, size_t size);

/* The offset of the first byte that is not zero; `size` if all are. */
size_t first_nonzero(const unsigned char *bytes, size_t size);

/* Enter a block that is already filled with its pattern. */
void shadow_add(struct shadow *shadow, const struct live *block);

/* Take out the block of index `index`. */
struct live shadow_take(struct shadow *shadow, size_t index);

/* Write over the block of index `index`, which has changed its size or place. */
void shadow_change(struct shadow *shadow, size_t index, const struct live *block);

#endif
