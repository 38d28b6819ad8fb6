/*
 * What one best-fit malloc and free costs in a heap that has COUNT free blocks.
 *
 *   best_fit COUNT [OPERATIONS]
 *
 * The free blocks have random sizes, spread evenly over the powers of two from 32
 * bytes to 256 KiB, so that bins and tree both hold many; a used block stands between
 * any two. An operation allocates a size from the same distribution and frees it: one
 * search, a split, two coalescings. Beside it stands what the machine takes to read one
 * byte of a free block chosen at random, for the blocks of a large heap are in no cache. To
 * count instructions:
 *
 *   valgrind --tool=callgrind --toggle-collect=run best_fit 10000
 */
#include "ma.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SIZE_MIN_LOG2 5
#define SIZE_MAX_LOG2 18

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_size(void)
{
    size_t power = (size_t)1 << (SIZE_MIN_LOG2 + random_number() % (SIZE_MAX_LOG2 - SIZE_MIN_LOG2));
    return power + random_number() % power;
}

static void make_holes(char **holes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        holes[i] = ma_malloc(random_size());
        if (holes[i] == NULL || ma_malloc(1) == NULL) {
            perror("best_fit");
            exit(1);
        }
    }
    for (size_t i = 0; i < count; i++) {
        ma_free(holes[i]);
    }
}

__attribute__((noinline)) static void run(const size_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ma_free(ma_malloc(sizes[i]));
    }
}

/* Each read's address depends on the read before. */
static size_t read_blocks(char *const *holes, size_t hole_count, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (unsigned char)*(volatile char *)holes[(random_number() + sum) % hole_count];
    }
    return sum;
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: best_fit COUNT [OPERATIONS]\n", stderr);
        return 2;
    }
    size_t count = strtoul(argv[1], NULL, 10);
    size_t operations = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    size_t *sizes = calloc(operations, sizeof(*sizes));
    for (size_t i = 0; i < operations; i++) {
        sizes[i] = random_size();
    }
    char **holes = calloc(count, sizeof(*holes));
    make_holes(holes, count);

    struct ma_stats stats;
    ma_stats(&stats);
    double start = now_ns();
    run(sizes, operations);
    double middle = now_ns();
    size_t sum = read_blocks(holes, count, operations);
    double end = now_ns();
    printf("%zu free blocks, %zu bytes: %.0f ns for a malloc and free; %.0f ns to read a byte\n",
           stats.free_count, stats.free_bytes, (middle - start) / (double)operations,
           (end - middle) / (double)operations);
    free(holes);
    free(sizes);
    return ma_check() + (sum == SIZE_MAX);
}
