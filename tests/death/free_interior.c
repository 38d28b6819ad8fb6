/*
 * Free an address within a block.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(calloc(1, 1000));
    announce(p + 160);
    free(p + 160);
    return not_stopped();
}
