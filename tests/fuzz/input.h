/*
 * The bytes of an input, from the first to the last. After the end there are zeros.
 */
#ifndef MA_TESTS_FUZZ_INPUT_H
#define MA_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *next;
    const uint8_t *end;
};

static inline bool input_is_over(const struct input *input)
{
    return input->next == input->end;
}

static inline size_t input_byte(struct input *input)
{
    return input_is_over(input) ? 0 : *input->next++;
}

/* 0 to 65,535. */
static inline size_t input_word(struct input *input)
{
    size_t low = input_byte(input);
    return low | input_byte(input) << 8;
}

#endif
