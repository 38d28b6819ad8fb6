/*
 * Free a block that realloc has moved away from.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    char *moved = hide(realloc(block[1], 5000));
    require(moved != block[1], "the block was not moved");
    announce(block[1]);
    free(block[1]);
    return not_stopped();
}
