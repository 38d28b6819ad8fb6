/*
 * Powers of two and bits, against the plain definition of each.
 */
#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void only_powers_of_two_are_powers_of_two(void **state)
{
    (void)state;
    assert_false(bits_is_power_of_two(0));
    assert_true(bits_is_power_of_two(1));
    assert_true(bits_is_power_of_two(2));
    for (unsigned i = 2; i < 64; i++) {
        size_t power = (size_t)1 << i;
        assert_true(bits_is_power_of_two(power));
        assert_false(bits_is_power_of_two(power - 1));
        assert_false(bits_is_power_of_two(power + 1));
    }
    assert_false(bits_is_power_of_two(SIZE_MAX));
}

static void rounding_gives_the_nearest_multiple_on_either_side(void **state)
{
    (void)state;
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        for (size_t value = 0; value <= 3 * alignment; value += alignment > 64 ? 31 : 1) {
            size_t below = value / alignment * alignment;
            size_t above = (value + alignment - 1) / alignment * alignment;
            assert_int_equal(bits_round_down(value, alignment), below);
            assert_int_equal(bits_round_up(value, alignment), above);
        }
    }
}

static void rounding_reaches_the_last_multiple_without_wrapping(void **state)
{
    (void)state;
    assert_int_equal(bits_round_up(SIZE_MAX - 15, 16), SIZE_MAX - 15);
    assert_int_equal(bits_round_down(SIZE_MAX, 16), SIZE_MAX - 15);
}

static void an_address_is_aligned_within_its_own_object(void **state)
{
    (void)state;
    _Alignas(64) char bytes[129];
    assert_ptr_equal(bits_align_up(bytes, 64), bytes);
    assert_ptr_equal(bits_align_down(bytes, 64), bytes);
    for (size_t i = 1; i <= 64; i++) {
        assert_ptr_equal(bits_align_up(bytes + i, 64), bytes + 64);
        assert_ptr_equal(bits_align_down(bytes + 63 + i, 64), bytes + 64 * ((63 + i) / 64));
    }
}

static void lowest_and_highest_find_every_bit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = UINT64_C(1) << i;
        assert_int_equal(bits_lowest(bit), i);
        assert_int_equal(bits_highest(bit), i);
        assert_int_equal(bits_lowest(bit | UINT64_C(1) << 63), i);
        assert_int_equal(bits_highest(bit | 1), i);
        assert_int_equal(bits_lowest(~UINT64_C(0) << i), i);
        assert_int_equal(bits_highest(~UINT64_C(0) >> (63 - i)), i);
    }
}

static void the_next_and_the_last_bit_of_several_words_are_found(void **state)
{
    (void)state;
    enum { WORDS = 3, BITS = 64 * WORDS };
    uint64_t none[WORDS] = {0};
    assert_int_equal(bits_next_in(none, WORDS, 0), BITS);
    assert_int_equal(bits_last_in(none, WORDS), BITS);
    for (size_t bit = 0; bit < BITS; bit++) {
        uint64_t words[WORDS] = {0};
        words[bit / 64] = UINT64_C(1) << (bit % 64);
        assert_int_equal(bits_last_in(words, WORDS), bit);
        for (size_t from = 0; from <= BITS; from++) {
            assert_int_equal(bits_next_in(words, WORDS, from), from <= bit ? bit : BITS);
        }
        words[WORDS - 1] |= UINT64_C(1) << 63;
        assert_int_equal(bits_next_in(words, WORDS, bit), bit);
        assert_int_equal(bits_next_in(words, WORDS, bit + 1), bit + 1 < BITS ? BITS - 1 : BITS);
        assert_int_equal(bits_last_in(words, WORDS), BITS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_powers_of_two_are_powers_of_two),
        cmocka_unit_test(rounding_gives_the_nearest_multiple_on_either_side),
        cmocka_unit_test(rounding_reaches_the_last_multiple_without_wrapping),
        cmocka_unit_test(an_address_is_aligned_within_its_own_object),
        cmocka_unit_test(lowest_and_highest_find_every_bit),
        cmocka_unit_test(the_next_and_the_last_bit_of_several_words_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
