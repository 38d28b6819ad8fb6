/*
 * Write past a block's end into a free block's header, then allocate that block.
 *
 * Expected: .*ADDRESS.*
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, UNCACHED);
    free(block[2]);
    smash(block[1] + UNCACHED, 8);
    announce(block[2]);
    char *p = hide(malloc(UNCACHED));
    require(p != NULL, "memory is out");
    return not_stopped();
}
