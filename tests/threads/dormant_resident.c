/*
 * The main thread builds much, and sleeps; another replaces all of it, piece by piece: the memory of what it frees must serve
 * what it asks for, though its owner does not stir.
 */
#include "resident.h"

enum { BLOCKS = 400000, SIZE = 100 };

static void *blocks[BLOCKS];

static void fill(size_t at)
{
    blocks[at] = malloc(SIZE);
    require(blocks[at] != NULL, "memory is not out");
    memset(blocks[at], (int)at, SIZE);
}

static void *replace(void *context)
{
    (void)context;
    for (int turn = 0; turn < 3; turn++) {
        for (size_t at = 0; at < BLOCKS; at++) {
            free(blocks[at]);
            fill(at);
        }
    }
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    for (size_t at = 0; at < BLOCKS; at++) {
        fill(at);
    }
    size_t before = resident_bytes();
    pthread_join(start_thread(replace, NULL), NULL);
    /* Without that it would be all of it once more, 43 MiB. */
    require_growth(before, 20 * MIB, "after all was replaced by another thread");
    for (size_t at = 0; at < BLOCKS; at++) {
        free(blocks[at]);
    }
    check_heap("after all was freed");
    return 0;
}
