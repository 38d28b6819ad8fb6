/*
 * What is written to a payload and looked for later: the whole of it up to CONTENTS_WHOLE bytes, of a larger one some
 * bytes in each page and its end, as an input could otherwise keep the fuzzer busy for seconds.
 */
#ifndef MA_TESTS_FUZZ_CONTENTS_H
#define MA_TESTS_FUZZ_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#define CONTENTS_WHOLE ((size_t)128 << 10)

/* Write pattern number `pattern`. */
void contents_fill(unsigned char *payload, size_t size, uint64_t pattern);

/* The offset of a byte among the first `size` that is not what contents_fill() wrote to `filled` bytes; `size` if there is none. */
size_t contents_mismatch(const unsigned char *payload, size_t size, size_t filled,
                         uint64_t pattern);

/* The offset of a byte that is not zero; `size` if there is none. */
size_t contents_nonzero(const unsigned char *payload, size_t size);

#endif
