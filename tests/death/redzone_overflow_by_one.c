/*
 * Write one byte past the end of a block of 100 bytes, where there is room still, and free it.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): write past the end of the block of 100 bytes: 0 bytes behind its end was written to
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    smash(p + 100, 1);
    announce(p);
    free(p);
    return not_stopped();
}
