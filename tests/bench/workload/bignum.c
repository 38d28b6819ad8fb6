/*
 * Numbers of any length, as an interpreter or a computer algebra system has them: each operation allocates its
 * result, exactly as long as it is, and operands are freed as soon as they have been used.
 */
#include "common.h"
#include "workloads.h"

struct number {
    size_t length;
    uint64_t limbs[]; /* least significant first; the last is not 0 */
};

static struct number *number_allocate(size_t length)
{
    struct number *n = allocate(sizeof(*n) + length * sizeof(*n->limbs));
    n->length = length;
    return n;
}

static struct number *number_of(uint64_t value)
{
    struct number *n = number_allocate(1);
    n->limbs[0] = value;
    return n;
}

/* The same number with one more limb; frees `n`. */
static struct number *number_carry(struct number *n, uint64_t carry)
{
    struct number *longer = number_allocate(n->length + 1);
    for (size_t i = 0; i < n->length; i++) {
        longer->limbs[i] = n->limbs[i];
    }
    longer->limbs[n->length] = carry;
    free(n);
    return longer;
}

/* Put the low half of `wide` in `limb`; the rest is the carry. */
static uint64_t split(unsigned __int128 wide, uint64_t *limb)
{
    *limb = (uint64_t)wide;
    return (uint64_t)(wide >> 64);
}

/* a + b, where `a` is no shorter than `b`. */
static struct number *number_add(const struct number *a, const struct number *b)
{
    struct number *result = number_allocate(a->length);
    uint64_t carry = 0;
    for (size_t i = 0; i < b->length; i++) {
        carry = split((unsigned __int128)a->limbs[i] + b->limbs[i] + carry, &result->limbs[i]);
    }
    for (size_t i = b->length; i < a->length; i++) {
        carry = split((unsigned __int128)a->limbs[i] + carry, &result->limbs[i]);
    }
    return carry == 0 ? result : number_carry(result, carry);
}

static struct number *number_times(const struct number *a, uint64_t factor)
{
    struct number *result = number_allocate(a->length);
    uint64_t carry = 0;
    for (size_t i = 0; i < a->length; i++) {
        carry = split((unsigned __int128)a->limbs[i] * factor + carry, &result->limbs[i]);
    }
    return carry == 0 ? result : number_carry(result, carry);
}

/* Frees `n`. */
static uint64_t number_consume(struct number *n)
{
    uint64_t sum = n->length + n->limbs[n->length - 1];
    free(n);
    return sum;
}

/* Up to 180 bytes. */
static uint64_t fibonacci(size_t steps)
{
    struct number *previous = number_of(1);
    struct number *current = number_of(1);
    for (size_t i = 0; i < steps; i++) {
        struct number *next = number_add(current, previous);
        free(previous);
        previous = current;
        current = next;
    }
    return number_consume(previous) + number_consume(current);
}

/* 1 + 1/2 + 1/3 + ... as p/q, not reduced: up to 260 bytes, three results an addition. */
static uint64_t harmonic(size_t terms)
{
    struct number *p = number_of(1);
    struct number *q = number_of(1);
    for (size_t k = 2; k <= terms; k++) {
        struct number *scaled_p = number_times(p, k);
        struct number *scaled_q = number_times(q, k);
        free(p);
        p = number_add(scaled_p, q);
        free(scaled_p);
        free(q);
        q = scaled_q;
    }
    return number_consume(p) + number_consume(q);
}

/* Up to 2,000 bytes. */
static uint64_t power_of(uint64_t base, size_t exponent)
{
    struct number *n = number_of(1);
    for (size_t i = 0; i < exponent; i++) {
        struct number *product = number_times(n, base);
        free(n);
        n = product;
    }
    return number_consume(n);
}

uint64_t bignum(double scale)
{
    size_t rounds = scaled(3000, scale);
    uint64_t sum = 0;
    for (size_t i = 0; i < rounds; i++) {
        sum += fibonacci(2000);
        sum += harmonic(300);
        sum += fibonacci(200 + i % 100);
        sum += power_of(1000003 + 2 * i, i % 16 == 0 ? 800 : 50);
    }
    return sum;
}
