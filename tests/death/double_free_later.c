/*
 * Free a block again after another block was freed.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[0]);
    free(block[2]);
    announce(block[0]);
    free(block[0]);
    return not_stopped();
}
