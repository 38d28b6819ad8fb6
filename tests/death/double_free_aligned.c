/*
 * Free an aligned block twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(aligned_alloc(4096, 8192));
    require((uintptr_t)p % 4096 == 0, "the block is not aligned");
    free(p);
    announce(p);
    free(p);
    return not_stopped();
}
