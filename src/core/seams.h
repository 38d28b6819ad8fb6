/*
 * Seams: page boundaries in the heap at which one of the kernel's mappings may end and another begin.
 *
 * A segment is one mapping, until pages of it are moved (core/move.h): those become a mapping of their own. The kernel
 * moves no run of pages that reaches over a seam, and it allows a process only so many mappings.
 *
 * A seam belongs to the page above it. All of these are lock-free; of the pages themselves the caller has the use.
 */
#ifndef MA_CORE_SEAMS_H
#define MA_CORE_SEAMS_H

#include "base/config.h"
#include "core/granule.h"

#include <stddef.h>

/* The lowest seam above `start` and below `end`; `end` where there is none. Both are page boundaries of one segment. */
MA_RARE char *seams_next(char *start, char *end);

/* How many there are between `start` and `end`. */
MA_RARE size_t seams_between(char *start, char *end);

/* The pages [start, end) have come from elsewhere and are a mapping of their own now. */
MA_RARE void seams_enclose(char *start, char *end);

/* There may be a seam at `page`. */
MA_RARE void seams_add(const char *page);

/* The granule is about to be given back, or was just taken, and its `segment_word` about to be set anew. */
void seams_forget(struct granule *granule);

/* How many there are in all segments. */
MA_RARE size_t seams_count(void);

#endif
