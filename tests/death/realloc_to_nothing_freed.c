/*
 * realloc(p, 0) of a block that is free.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    announce(block[1]);
    char *none = hide(realloc(block[1], 0));
    require(none == NULL, "realloc(p, 0) does not free");
    return not_stopped();
}
