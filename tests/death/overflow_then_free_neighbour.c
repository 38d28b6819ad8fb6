/*
 * Write past a block's end by a word and free the next block.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    smash(block[1] + 40, 8);
    announce(block[2]);
    free(block[2]);
    return not_stopped();
}
