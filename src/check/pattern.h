/*
 * Bytes that hold a pattern as long as nobody writes to them.
 */
#ifndef MA_CHECK_PATTERN_H
#define MA_CHECK_PATTERN_H

#include <stddef.h>

/* Around payloads, and in released ones. */
enum { REDZONE_BYTE = 0xb5, RELEASED_BYTE = 0xd5 };

/* The first of `size` bytes that is not `byte`; `size` if all are. */
static inline size_t pattern_end(const char *bytes, size_t size, int byte)
{
    size_t i = 0;
    while (i < size && (unsigned char)bytes[i] == byte) {
        i++;
    }
    return i;
}

#endif
