/*
 * Free the tail of a block that realloc has cut off.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 3080);
    require(realloc(block[1], 2000) == block[1], "the block was not cut in place");
    announce(block[1] + 2064);
    free(block[1] + 2064);
    return not_stopped();
}
