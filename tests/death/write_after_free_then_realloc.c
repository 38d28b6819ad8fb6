/*
 * Write over a free block's links, then let the block before it grow over it.
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
    char *p = hide(realloc(block[0], 2 * UNCACHED));
    require(p != NULL, "memory is out");
    return not_stopped();
}
