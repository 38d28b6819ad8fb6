/*
 * Change the last word of a free block a little, then free the block after it.
 *
 * Expected: heap corrupted: the header of the free block before ADDRESS was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, UNCACHED);
    free(block[1]);
    smash(block[1] + UNCACHED - 8, 1);
    announce(block[2]);
    free(block[2]);
    return not_stopped();
}
