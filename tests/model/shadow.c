/*
 * The model's tables and patterns.
 */
#include "shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void shadow_init(struct shadow *shadow, size_t room)
{
    void *table = mmap(NULL, room * sizeof(struct live), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    *shadow = (struct shadow){.live = table, .room = room};
}

/* The pattern's word at `offset`, a multiple of 8: differs at each offset. */
static uint64_t word_at(uint64_t pattern, size_t offset)
{
    return (pattern + offset) * UINT64_C(0x9e3779b97f4a7c15);
}

void pattern_fill(unsigned char *bytes, size_t size, uint64_t pattern)
{
    size_t offset = 0;
    for (; offset + 8 <= size; offset += 8) {
        uint64_t word = word_at(pattern, offset);
        memcpy(bytes + offset, &word, 8);
    }
    uint64_t last = word_at(pattern, offset);
    memcpy(bytes + offset, &last, size - offset);
}

size_t pattern_mismatch(const unsigned char *bytes, size_t size, uint64_t pattern)
{
    size_t offset = 0;
    for (; offset + 8 <= size; offset += 8) {
        uint64_t word;
        memcpy(&word, bytes + offset, 8);
        if (word != word_at(pattern, offset)) {
            break;
        }
    }
    uint64_t expected = word_at(pattern, offset);
    const unsigned char *expected_bytes = (const unsigned char *)&expected;
    for (size_t i = 0; i < 8 && offset + i < size; i++) {
        if (bytes[offset + i] != expected_bytes[i]) {
            return offset + i;
        }
    }
    return size;
}

size_t pattern_find(const unsigned char *bytes, size_t size)
{
    const uint64_t step = word_at(8, 0);
    for (size_t offset = 0; offset + 16 <= size; offset += 8) {
        uint64_t words[2];
        memcpy(words, bytes + offset, sizeof(words));
        if (words[1] - words[0] == step) {
            return offset;
        }
    }
    return size;
}

size_t first_nonzero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return i;
        }
    }
    return size;
}

void shadow_add(struct shadow *shadow, const struct live *block)
{
    if (shadow->count == shadow->room) {
        fprintf(stderr, "model: the shadow's table is full\n");
        exit(2);
    }
    shadow->live[shadow->count] = *block;
    shadow->count++;
    shadow->bytes += block->size;
    shadow->usable += block->usable;
}

struct live shadow_take(struct shadow *shadow, size_t index)
{
    struct live block = shadow->live[index];
    shadow->count--;
    shadow->live[index] = shadow->live[shadow->count];
    shadow->bytes -= block.size;
    shadow->usable -= block.usable;
    return block;
}

void shadow_change(struct shadow *shadow, size_t index, const struct live *block)
{
    const struct live *old = &shadow->live[index];
    shadow->bytes += block->size - old->size;
    shadow->usable += block->usable - old->usable;
    shadow->live[index] = *block;
}
