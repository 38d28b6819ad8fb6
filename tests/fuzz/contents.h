/*
 * What is written to a payload and looked for later: the whole of it up to CONTENTS_WHOLE bytes; of a larger one both
 * ends and some bytes in a few pages, as nearly all time would be spent on page faults otherwise.
 */
#ifndef MA_TESTS_FUZZ_CONTENTS_H
#define MA_TESTS_FUZZ_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#define CONTENTS_WHOLE ((size_t)32 << 10)

/* Write pattern number `pattern`. */
void contents_fill(unsigned char *payload, size_t size, uint64_t pattern);

/* The offset of a byte among the first `size` that is not what contents_fill() wrote to `filled` bytes; `size` if there is none. */
size_t contents_mismatch(const unsigned char *payload, size_t size, size_t filled,
                         uint64_t pattern);

/* The offset of a byte that is not zero; `size` if there is none. */
size_t contents_nonzero(const unsigned char *payload, size_t size);

/* The offset of what contents_fill() wrote some time, to any payload; `size` if there is none. */
size_t contents_stale(const unsigned char *payload, size_t size);

#endif
