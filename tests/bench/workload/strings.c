/*
 * A pass as of a data base or a compiler: a table of many strings is read in, sorted, and dropped in the new
 * order.
 */
#include "common.h"
#include "workloads.h"

#include <string.h>

/* 8 to 64 bytes with the end. */
static char *random_string(struct rng *rng)
{
    size_t length = rng_between(rng, 7, 63);
    char *text = allocate(length + 1);
    uint64_t letters = rng_next(rng);
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)('a' + (letters >> i % 16 * 4) % 16);
    }
    text[length] = '\0';
    return text;
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The scale is that of the table. */
uint64_t strings_sort(double scale)
{
    size_t count = scaled(1000000, scale);
    struct rng rng = {1};
    char **table = allocate(count * sizeof(*table));
    for (size_t i = 0; i < count; i++) {
        table[i] = random_string(&rng);
    }
    qsort(table, count, sizeof(*table), compare);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum = sum * 31 + (unsigned char)table[i][2];
        free(table[i]);
    }
    free(table);
    return sum;
}
