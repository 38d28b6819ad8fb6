/*
 * Free an address within a block that no payload can have.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1000));
    announce(p + 5);
    free(p + 5);
    return not_stopped();
}
