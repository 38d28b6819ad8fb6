/*
 * Free a block as if it had one byte more than it has room for.
 *
 * Expected: free_sized\(ADDRESS, 41\): wrong size: the block has 40 usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    announce(block[1]);
    free_sized(block[1], 41);
    return not_stopped();
}
