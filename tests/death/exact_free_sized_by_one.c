/*
 * Give a size to free_sized that is one byte too small.
 *
 * Options: check=2
 * Expected: free_sized\(ADDRESS, 99\): wrong size: the block has 100 usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    announce(p);
    free_sized(p, 99);
    return not_stopped();
}
