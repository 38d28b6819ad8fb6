/*
 * Write over a free block's links, then free the block before it, which would merge with it.
 *
 * Expected: corrupted free list: the links of the free block at ADDRESS \([0-9]+ bytes\) are wrong; memory was probably written to after it was freed
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, UNCACHED);
    free(block[1]);
    smash(block[1], 16);
    announce(block[1]);
    free(block[0]);
    return not_stopped();
}
