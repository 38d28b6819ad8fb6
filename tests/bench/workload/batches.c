/*
 * The simplest lives of a block: freed at once, or with the whole batch that it belongs to.
 */
#include "common.h"
#include "workloads.h"

#define BATCH_LENGTH_MAX 10000

uint64_t pairs(double scale)
{
    static const size_t sizes[] = {16, 64, 256, 1024, 32, 128, 512, 2048};
    size_t count = scaled(3000000, scale);
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        for (size_t k = 0; k < count; k++) {
            void *block = allocate_touched(sizes[i]);
            sum += block_first(block);
            free(block);
        }
    }
    return sum;
}

static void batch_allocate(void **blocks, size_t length, struct rng *rng)
{
    for (size_t i = 0; i < length; i++) {
        blocks[i] = allocate_touched(rng_between(rng, 16, 512));
    }
}

static uint64_t batch_free_first_to_last(void **blocks, size_t length)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += block_first(blocks[i]);
        free(blocks[i]);
    }
    return sum;
}

static uint64_t batch_free_last_to_first(void **blocks, size_t length)
{
    uint64_t sum = 0;
    for (size_t i = length; i > 0; i--) {
        sum += block_first(blocks[i - 1]);
        free(blocks[i - 1]);
    }
    return sum;
}

static uint64_t batches(uint64_t (*free_all)(void **, size_t), double scale)
{
    static const size_t lengths[] = {100, 1000, BATCH_LENGTH_MAX};
    static void *blocks[BATCH_LENGTH_MAX];
    struct rng rng = {1};
    size_t blocks_a_length = scaled(3500000, scale);
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        for (size_t done = 0; done < blocks_a_length; done += lengths[i]) {
            batch_allocate(blocks, lengths[i], &rng);
            sum += free_all(blocks, lengths[i]);
        }
    }
    return sum;
}

uint64_t batch_fifo(double scale)
{
    return batches(batch_free_first_to_last, scale);
}

uint64_t batch_lifo(double scale)
{
    return batches(batch_free_last_to_first, scale);
}
