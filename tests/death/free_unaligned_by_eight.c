/*
 * Free an address 8 bytes into a block.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1000));
    announce(p + 8);
    free(p + 8);
    return not_stopped();
}
