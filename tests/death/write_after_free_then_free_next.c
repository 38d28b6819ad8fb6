/*
 * Write over all of a free block, then free the block after it, which would merge with it: the last word
 * is the free block's size.
 *
 * Expected: heap corrupted: the header of the free block before ADDRESS was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, UNCACHED);
    free(block[1]);
    memset(hide(block[1]), 'A', UNCACHED);
    announce(block[2]);
    free(block[2]);
    return not_stopped();
}
