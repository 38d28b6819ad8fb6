/*
 * Arrays that grow by realloc while others grow beside them.
 */
#include "common.h"
#include "workloads.h"

#include <string.h>

#define VECTOR_COUNT 64
#define STRING_COUNT 256

struct vector {
    int *items;
    size_t count;
    size_t capacity;
    size_t target; /* the count at which it is dropped */
};

static void vector_start(struct vector *vector, struct rng *rng)
{
    *vector = (struct vector){.target = rng_power_law(rng, 8, 12)};
}

/* Half of the vectors double, as in one C++ library; half grow by one half, as in another. */
static void vector_grow(struct vector *vector, size_t grows_by_half)
{
    size_t more = grows_by_half ? vector->capacity / 2 : vector->capacity;
    vector->capacity += more < 4 ? 4 : more;
    vector->items = reallocate(vector->items, vector->capacity * sizeof(*vector->items));
}

/* As far as the capacity goes, or to the target. */
static void vector_fill(struct vector *vector, int item)
{
    while (vector->count < vector->capacity && vector->count < vector->target) {
        vector->items[vector->count] = item;
        vector->count++;
    }
}

/* Frees the vector's items. */
static uint64_t vector_drop(struct vector *vector)
{
    uint64_t sum = (uint64_t)vector->items[0] + (uint64_t)vector->items[vector->count - 1];
    free(vector->items);
    return sum;
}

/* A vector chosen at random grows and is filled; one that has reached its target starts anew. */
uint64_t realloc_vectors(double scale)
{
    struct vector vectors[VECTOR_COUNT];
    struct rng rng = {1};
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        vector_start(&vectors[i], &rng);
    }
    size_t turns = scaled(5000000, scale);
    uint64_t sum = 0;
    for (size_t turn = 0; turn < turns; turn++) {
        size_t number = rng_below(&rng, VECTOR_COUNT);
        struct vector *vector = &vectors[number];
        vector_grow(vector, number % 2);
        vector_fill(vector, (int)(turn & 0xffff));
        if (vector->count == vector->target) {
            sum += vector_drop(vector);
            vector_start(vector, &rng);
        }
    }
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        free(vectors[i].items);
    }
    return sum;
}

struct string {
    char *text;
    size_t length;
    size_t target; /* the length at which it is dropped */
};

static void string_start(struct string *string, struct rng *rng)
{
    *string = (struct string){.text = NULL, .target = rng_power_law(rng, 32, 7)};
}

/* The memory is never larger than the text: each piece is a realloc. */
static void string_append(struct string *string, const char *piece, size_t length)
{
    string->text = reallocate(string->text, string->length + length + 1);
    memcpy(string->text + string->length, piece, length);
    string->length += length;
    string->text[string->length] = '\0';
}

/* 1 to 16 characters for a string chosen at random; one that has reached its target starts anew. */
uint64_t realloc_strings(double scale)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    struct string strings[STRING_COUNT];
    struct rng rng = {1};
    for (size_t i = 0; i < STRING_COUNT; i++) {
        string_start(&strings[i], &rng);
    }
    size_t turns = scaled(5000000, scale);
    uint64_t sum = 0;
    for (size_t turn = 0; turn < turns; turn++) {
        uint64_t random = rng_next(&rng);
        struct string *string = &strings[rng_scale(random, STRING_COUNT)];
        string_append(string, alphabet + turn % 8, 1 + random % 16);
        if (string->length >= string->target) {
            sum += string->length + (unsigned char)string->text[string->length - 1];
            free(string->text);
            string_start(string, &rng);
        }
    }
    for (size_t i = 0; i < STRING_COUNT; i++) {
        free(strings[i].text);
    }
    return sum;
}
