/*
 * Payloads that are not ours: from a bundled allocator, or from before the
 * library was loaded.
 *
 * libma.so hands them to the next allocator in the process (interpose/foreign.c);
 * libma.a, which interposes nothing, reports them (api/foreign.c).
 */
#ifndef MA_API_FOREIGN_H
#define MA_API_FOREIGN_H

#include <stddef.h>

void foreign_free(void *payload);
void *foreign_realloc(void *payload, size_t size);
size_t foreign_usable_size(const void *payload);

#endif
