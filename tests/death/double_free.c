/*
 * Free a block twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    free(p);
    announce(p);
    free(p);
    return not_stopped();
}
