/*
 * Free an address within a block, with a size.
 *
 * Expected: free_sized\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(calloc(1, 1000));
    announce(p + 160);
    free_sized(p + 160, 840);
    return not_stopped();
}
