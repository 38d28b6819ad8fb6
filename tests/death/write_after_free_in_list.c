/*
 * Write over a free block that is one of several of its size, then allocate another of them.
 *
 * Expected: corrupted free list: the links of the free block at 0x[0-9a-f]+ \([0-9]+ bytes\) are wrong; memory was probably written to after it was freed
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    char *other[3];
    three_neighbours(other, 40);
    three_neighbours(block, 40);
    free(other[1]);
    free(block[1]);
    smash(other[1], 16);
    announce(other[1]);
    char *p = hide(malloc(40));
    char *q = hide(malloc(40));
    require(p != NULL && q != NULL, "memory is out");
    return not_stopped();
}
