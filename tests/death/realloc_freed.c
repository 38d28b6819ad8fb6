/*
 * Change the size of a block that is free.
 *
 * Expected: realloc\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    announce(block[1]);
    char *moved = hide(realloc(block[1], 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
