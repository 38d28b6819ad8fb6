/*
 * Free blocks twice: some are samples.
 *
 * Options: guard_sample=1
 * Expected: free\(0x[0-9a-f]+\): double free: the block of 60 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *blocks[100];
    for (int i = 0; i < 100; i++) {
        blocks[i] = hide(malloc(60));
    }
    announce(NULL);
    for (int i = 0; i < 100; i++) {
        if (malloc_usable_size(blocks[i]) == 60) { /* others have 64 */
            free(blocks[i]);
            free(blocks[i]);
        }
    }
    return not_stopped();
}
