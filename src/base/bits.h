/*
 * Arithmetic on powers of two and on bits.
 */
#ifndef MA_BASE_BITS_H
#define MA_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool bits_is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* `alignment` is a power of two; the caller has made sure that nothing wraps. */
static inline size_t bits_round_up(size_t value, size_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static inline size_t bits_round_down(size_t value, size_t alignment)
{
    return value & ~(alignment - 1);
}

static inline char *bits_align_up(char *address, size_t alignment)
{
    return address + (bits_round_up((uintptr_t)address, alignment) - (uintptr_t)address);
}

static inline char *bits_align_down(char *address, size_t alignment)
{
    return address - ((uintptr_t)address & (alignment - 1));
}

static inline size_t bits_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t bits_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The number of the lowest set bit; `word` is not 0. */
static inline unsigned bits_lowest(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* The number of the highest set bit; `word` is not 0. */
static inline unsigned bits_highest(uint64_t word)
{
    return 63u ^ (unsigned)__builtin_clzll(word);
}

/* The number of the first bit from `from` on that is set in `count` words, bit 0 of the first being number 0; 64 * count where there is
 * none. */
static inline size_t bits_next_in(const uint64_t *words, size_t count, size_t from)
{
    size_t word = from / 64;
    uint64_t here = word < count ? words[word] & ~UINT64_C(0) << (from % 64) : 0;
    while (here == 0 && ++word < count) {
        here = words[word];
    }
    return here != 0 ? word * 64 + bits_lowest(here) : 64 * count;
}

/* The number of the last bit that is set; 64 * count where none is. */
static inline size_t bits_last_in(const uint64_t *words, size_t count)
{
    for (size_t word = count; word-- > 0;) {
        if (words[word] != 0) {
            return word * 64 + bits_highest(words[word]);
        }
    }
    return 64 * count;
}

#endif
