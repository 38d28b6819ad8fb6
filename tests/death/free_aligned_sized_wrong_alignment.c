/*
 * Free a block with an alignment that its payload does not have.
 *
 * Expected: free_aligned_sized\(ADDRESS, 4096, 100\): the payload does not have that alignment
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 100));
    p = (uintptr_t)p % 4096 != 0 ? p : hide(aligned_alloc(64, 100));
    announce(p);
    free_aligned_sized(p, 4096, 100);
    return not_stopped();
}
