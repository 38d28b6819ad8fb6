/*
 * Free a block of 1 MiB twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc((size_t)1 << 20));
    free(p);
    announce(p);
    free(p);
    return not_stopped();
}
