/*
 * Free a block with a size that no block can have.
 *
 * Expected: free_sized\(ADDRESS, 18446744073709551615\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    announce(p);
    free_sized(p, SIZE_MAX);
    return not_stopped();
}
