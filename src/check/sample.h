/*
 * Guarded samples: one allocation in options.guard_sample lies alone in a page between pages without access.
 *
 * A page that is released loses its access, too, until the last of them was used. So an access past an end of a sample, or after
 * it was freed, faults, and is reported with the stacks that allocated and freed it. The pages are apart from the heap.
 */
#ifndef MA_CHECK_SAMPLE_H
#define MA_CHECK_SAMPLE_H

#include "base/options.h"
#include "ma.h"

#include <stdbool.h>
#include <stddef.h>

/* Once, before the first sample. */
void sample_start(void);

/* In a forked child: other threads have vanished. */
void sample_after_fork(void);

/* Whether the calling thread's next allocation is to be one, on a path that allocations take when what was at hand is used up: it
 * counts for some that had no need to. */
bool sample_is_due_now(void);

static inline bool sample_is_due(void)
{
    return options.guard_sample != 0 && sample_is_due_now();
}

/* A sample, zeroed; NULL where there is no page for it, or it is too large. */
void *sample_alloc(size_t alignment, size_t size);

/* Whether an address lies in the samples' pages. */
bool sample_owns(const void *address);

/* Requires: sample_owns(). All abort with a report naming `caller` where no live sample begins there. */
void sample_free(void *payload, const char *caller);
size_t sample_usable_size(const void *payload, const char *caller);

/* Add the live samples to `*stats`; visit them as ma_walk() does. */
void sample_add_stats(struct ma_stats *stats);
int sample_walk(int (*visit)(const struct ma_block *block, void *context), void *context);

/* Report what the access to `address` was. False: it is none of ours. */
bool sample_explain(const void *address);

#endif
