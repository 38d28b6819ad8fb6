/*
 * Free a block again that has taken in the free block after it.
 *
 * Expected: free\(ADDRESS\): double free: the block of 600032 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, UNCACHED);
    free(block[1]);
    free(block[0]);
    announce(block[0]);
    free(block[0]);
    return not_stopped();
}
