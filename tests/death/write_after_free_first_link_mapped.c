/*
 * Leave an address that can be read in the first word of a free block, then allocate it.
 *
 * Expected: corrupted free list: the links of the free block at ADDRESS \([0-9]+ bytes\) are wrong; memory was probably written to after it was freed
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    memcpy(hide(block[1]), &block[0], 8);
    announce(block[1]);
    char *p = hide(malloc(40));
    require(p != NULL, "memory is out");
    return not_stopped();
}
