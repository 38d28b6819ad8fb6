/*
 * A demonstration of libma: how blocks are taken by best fit, split, and merged again.
 *
 * Everything is done with the functions of ma.h. What the text says is checked as it is said: the program stops
 * with status 1 at the first claim that is not true. Run it by `cmake --build build --target run`.
 *
 * The blocks are large ones, which go straight to the best-fit heap. Offsets count from the first of them.
 */
#include "ma.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024 };

static char *origin; /* the first payload */

static void claim(int holds, const char *what)
{
    if (!holds) {
        printf("NOT TRUE: %s\n", what);
        exit(1);
    }
    printf("  -> %s\n", what);
}

/* The distance of a payload from the first one, in KiB. */
static long offset_kib(const void *payload)
{
    return ((const char *)payload - origin) / KIB;
}

/* Draw one block: a letter for each 500 KiB. `context` counts the blocks. */
static int draw_block(const struct ma_block *block, void *context)
{
    int *count = context;
    if ((char *)block->payload < origin) {
        return 0; /* not ours */
    }
    (*count)++;
    size_t kib = block->size / KIB;
    printf("  %5ld KiB  %5zu KiB  %s  ", offset_kib(block->payload), kib,
           block->is_used ? "used" : "free");
    for (size_t i = 0; i < kib && i < 10000; i += 500) {
        putchar(block->is_used ? '#' : '.');
    }
    putchar('\n');
    return 0;
}

static void draw(const char *title)
{
    int count = 0;
    printf("\n%s\n     offset       size\n", title);
    ma_walk(draw_block, &count);
}

static size_t free_count(void)
{
    struct ma_stats stats;
    ma_stats(&stats);
    return stats.free_count;
}

int main(void)
{
    static char buffer[BUFSIZ]; /* or printf would allocate its own, on the heap that is shown */
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));

    char *first = origin = ma_malloc(6000 * KIB);
    char *wall1 = ma_malloc(1000 * KIB);
    char *second = ma_malloc(2000 * KIB);
    char *wall2 = ma_malloc(1000 * KIB);
    char *third = ma_malloc(4000 * KIB);
    char *wall3 = ma_malloc(1000 * KIB);
    if (!first || !wall1 || !second || !wall2 || !third || !wall3) {
        return 1;
    }
    draw("1. Six blocks, one behind the other");

    ma_free(first);
    ma_free(second);
    ma_free(third);
    draw("2. Three are released: holes of 6000, 2000 and 4000 KiB");
    claim(free_count() >= 3, "used blocks lie between the holes, so they stay apart");

    char *fitted = ma_malloc(3500 * KIB);
    draw("3. Best fit: 3500 KiB are wanted");
    claim(fitted == third, "taken from the hole of 4000 KiB, the smallest that holds them");
    claim(fitted != first, "not from that of 6000 KiB, the first and the largest");
    claim(ma_usable_size(fitted) < 4000 * KIB, "split: the rest of the hole is a free block");

    ma_free(fitted);
    draw("4. Coalescing: they are released again");
    fitted = ma_malloc(4000 * KIB);
    claim(fitted == third, "merged with the rest: 4000 KiB fit into the same place once more");
    memset(fitted, 'x', 4000 * KIB);
    ma_free(fitted);

    size_t holes = free_count();
    ma_free(wall1);
    draw("5. Coalescing on both sides: the block between two holes is released");
    claim(free_count() == holes - 1, "two holes and the block between them have become one");
    char *whole = ma_malloc(9000 * KIB);
    claim(whole == first, "6000 + 1000 + 2000 KiB are to be had in one piece");
    ma_free(whole);

    char *grows = ma_malloc(1000 * KIB);
    claim(grows == third, "1000 KiB: best fit again, at the start of the hole of 4000 KiB");
    memset(grows, 'x', 1000 * KIB);
    char *grown = ma_realloc(grows, 3000 * KIB);
    draw("6. Realloc: a block grows from 1000 to 3000 KiB");
    claim(grown == third, "in place: it took what it needed of the free block behind it");
    claim(grown[0] == 'x' && grown[1000 * KIB - 1] == 'x', "its contents are as they were");

    unsigned char *zeros = ma_calloc(900, KIB);
    int sum = 0;
    for (int i = 0; zeros != NULL && i < 900 * KIB; i++) {
        sum |= zeros[i];
    }
    draw("7. Calloc: 900 KiB, cleared");
    claim((char *)zeros > grown && (char *)zeros < wall3, "from the smallest hole that holds them");
    claim(sum == 0, "cleared, though that memory was used before");

    struct ma_stats stats;
    ma_stats(&stats);
    printf("\n8. The heap in figures: %zu KiB live in %zu blocks, %zu KiB free in %zu\n",
           stats.live_bytes / KIB, stats.live_count, stats.free_bytes / KIB, stats.free_count);
    claim(stats.break_bytes + stats.mmap_bytes ==
              stats.live_bytes + stats.free_bytes + stats.overhead_bytes,
          "what the system gave = live + free + overhead");
    claim(ma_check() == 0, "and every invariant of the heap holds");

    ma_free(grown);
    ma_free(zeros);
    ma_free(wall2);
    ma_free(wall3);
    return 0;
}
