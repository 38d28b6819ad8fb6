/*
 * Write past a block's end and free it with its size.
 *
 * Expected: free\(ADDRESS\): heap corrupted: the header after the block of 40 usable bytes was overwritten; probably a write past the block's end
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    smash(block[1] + 40, 8);
    announce(block[1]);
    free_sized(block[1], 40);
    return not_stopped();
}
