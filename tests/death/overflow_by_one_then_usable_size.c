/*
 * Write past a block's end by one byte and ask for the next one's size.
 *
 * Expected: malloc_usable_size\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    smash(block[1] + 40, 1);
    announce(block[2]);
    size_t usable = malloc_usable_size(block[2]);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
