/*
 * Free a block as if it were smaller than it can be.
 *
 * Expected: free_sized\(ADDRESS, 20\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    announce(p);
    free_sized(p, 20);
    return not_stopped();
}
