/*
 * Write one byte before the begin of a block, and free it.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    smash(p - 1, 1);
    announce(p);
    free(p);
    return not_stopped();
}
