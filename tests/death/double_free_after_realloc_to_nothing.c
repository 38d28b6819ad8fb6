/*
 * Free a block that realloc(p, 0) has freed.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    require(realloc(block[1], 0) == NULL, "realloc(p, 0) does not free");
    announce(block[1]);
    free(block[1]);
    return not_stopped();
}
