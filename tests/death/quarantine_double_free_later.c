/*
 * Free a block twice, with many of its size allocated and freed between.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): double free: the block of 100 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    free(p);
    for (int i = 0; i < 1000; i++) {
        char *other = hide(malloc(100));
        require(other != p, "the block is used again");
        free(other);
    }
    announce(p);
    free(p);
    return not_stopped();
}
