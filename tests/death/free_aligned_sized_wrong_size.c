/*
 * Free a block with its alignment, but as if it were larger.
 *
 * Expected: free_aligned_sized\(ADDRESS, 1000\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128));
    announce(p);
    free_aligned_sized(p, 64, 1000);
    return not_stopped();
}
