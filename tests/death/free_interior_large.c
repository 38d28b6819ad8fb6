/*
 * Free an address a whole granule into a large block.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc((size_t)1 << 20));
    announce(p + 65536);
    free(p + 65536);
    return not_stopped();
}
