/*
 * Free the address of a block's header.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1000));
    announce(p - 16);
    free(p - 16);
    return not_stopped();
}
