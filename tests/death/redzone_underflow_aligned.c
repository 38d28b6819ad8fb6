/*
 * Write some way before the begin of a block that is aligned, and free it.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): write before the begin of the block of 100 bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(aligned_alloc(1024, 100));
    smash(p - 200, 8);
    announce(p);
    free(p);
    return not_stopped();
}
