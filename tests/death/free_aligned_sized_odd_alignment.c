/*
 * Free a block with an alignment that is no power of two.
 *
 * Expected: free_aligned_sized\(ADDRESS, 3, 99\): the payload does not have that alignment
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(aligned_alloc(16, 99));
    announce(p);
    free_aligned_sized(p, 3, 99);
    return not_stopped();
}
