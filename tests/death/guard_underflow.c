/*
 * Write some way before the begin of a block that has a guard page behind it, and free it.
 *
 * Options: check=3
 * Expected: free\(ADDRESS\): write before the begin of the block of 24 bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(24));
    smash(p - 100, 8);
    announce(p);
    free(p);
    return not_stopped();
}
