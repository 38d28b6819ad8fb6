/*
 * Ask for the size of a block that is free.
 *
 * Expected: malloc_usable_size\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    announce(block[1]);
    size_t usable = malloc_usable_size(block[1]);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
