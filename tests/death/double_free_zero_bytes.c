/*
 * Free a block of 0 bytes twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of 32 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(0));
    char *wall = hide(malloc(0));
    require(wall == p + 32, "two small blocks are not neighbours");
    free(p);
    announce(p);
    free(p);
    return not_stopped();
}
