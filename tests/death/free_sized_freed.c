/*
 * Free a block with its size that is free.
 *
 * Expected: free_sized\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    announce(block[1]);
    free_sized(block[1], 40);
    return not_stopped();
}
