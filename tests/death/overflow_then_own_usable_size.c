/*
 * Write past a block's end and ask for its size.
 *
 * Expected: malloc_usable_size\(ADDRESS\): heap corrupted: the header after the block of 40 usable bytes was overwritten; probably a write past the block's end
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    smash(block[1] + 40, 8);
    announce(block[1]);
    size_t usable = malloc_usable_size(block[1]);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
