/*
 * Threads end while few of their many small blocks are still used. The memory between those must
 * serve the threads that follow.
 */
#include "resident.h"

#include <malloc.h>

enum { THREADS = 40, BLOCKS = 20000, KEPT_SHARE = 50, KEPT = BLOCKS / KEPT_SHARE };

static struct stamped *kept[THREADS][KEPT];

static void *run(void *context)
{
    int number = (int)(intptr_t)context;
    static struct stamped *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = new_stamped(64, (unsigned char)(number + (int)i));
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (i % KEPT_SHARE == 0) {
            kept[number][i / KEPT_SHARE] = blocks[i];
        } else {
            free_stamped(blocks[i]);
        }
    }
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    size_t before = resident_bytes();
    for (intptr_t i = 0; i < THREADS; i++) {
        pthread_join(start_thread(run, (void *)i), NULL);
    }
    size_t used = sizeof(kept) + (size_t)THREADS * KEPT * 80 + (size_t)BLOCKS * (80 + 8);
    require_growth(before, used + 3 * MIB, "while few blocks of each ended thread live");
    check_heap("while there are orphans");
    for (size_t i = 0; i < THREADS; i++) {
        free_table(kept[i], KEPT);
    }
    malloc_trim(0);
    require_growth(before, sizeof(kept) + 3 * MIB, "after these were freed, too");
    check_heap("after all was freed");
    return 0;
}
