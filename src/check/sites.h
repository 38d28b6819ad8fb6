/*
 * Call sites: from where blocks were allocated, and how much of it is live (leaks=1).
 *
 * A site is a call stack. Those that are found once the table is full count as one, number 0.
 */
#ifndef MA_CHECK_SITES_H
#define MA_CHECK_SITES_H

#include <stddef.h>
#include <stdint.h>

#define SITES_NONE UINT32_MAX

/* Once, before the first block comes. */
void sites_start(void);

/* A block of `size` bytes was allocated by the caller: the number of its site; or SITES_NONE, where it is this library's own. */
uint32_t sites_add(size_t size);

/* A block of a site is live no longer. */
void sites_remove(uint32_t site, size_t size);

/* Print the sites with live blocks, those with the most bytes first, to file descriptor `fd`. */
void sites_report(int fd);

#endif
