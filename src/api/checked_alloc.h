/*
 * Allocating and releasing checked blocks (check=2 and 3, leaks=1): each is a block of the core of its own.
 */
#ifndef MA_API_CHECKED_ALLOC_H
#define MA_API_CHECKED_ALLOC_H

#include "base/options.h"
#include "check/checked.h"
#include "ma.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether new blocks are to be checked ones. */
static inline bool checked_is_on(void)
{
    return options.is_watched && (options.check >= 2 || options.leaks != 0);
}

/* Once the options are known, before the first checked block. */
void checked_start(void);

/* A payload of `size` bytes at a multiple of `alignment`, a power of two; NULL where memory is out. */
void *checked_alloc(size_t alignment, size_t size, bool is_zeroed);

/* Whether a checked block has the payload, be it live or released: others date from before the options were known. */
bool checked_has(const void *payload);

/* Requires of all: checked_has(). They abort with a report naming `caller` where the block is not sound, or not live. */
void checked_free(void *payload, const char *caller);
void *checked_realloc(void *payload, size_t size);
size_t checked_usable_size(const void *payload, const char *caller);

/* `payload` was asked for by a function of that family, other than malloc's. */
void checked_note_family(void *payload, enum checked_family family);

/*
 * A function of that family is to free `payload`: abort with a report where it is of another. It is of the family that this one's function
 * frees by then: what `delete[]` frees goes to `delete`, and from there to free().
 */
void checked_claim(void *payload, enum checked_family family);

/* What lies around the payloads, and what is released and not used again yet, is overhead. */
void checked_correct_stats(struct ma_stats *stats);

#endif
