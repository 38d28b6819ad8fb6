/*
 * Write zeros past a block's end, so that the next block seems to be free, and make it larger.
 *
 * Expected: realloc\(ADDRESS\): heap corrupted: the header after the block of 40 usable bytes was overwritten; probably a write past the block's end
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    memset(block[1] + 40, 0, 8);
    announce(block[1]);
    char *moved = hide(realloc(block[1], 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
