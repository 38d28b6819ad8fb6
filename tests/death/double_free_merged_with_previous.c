/*
 * Free a block again that has become part of the free block before it.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[0]);
    free(block[1]);
    announce(block[1]);
    free(block[1]);
    return not_stopped();
}
