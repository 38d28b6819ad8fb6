/*
 * Free a block from calloc twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(calloc(10, 10));
    free(p);
    announce(p);
    free(p);
    return not_stopped();
}
