/*
 * Write before a block's beginning and free it.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    smash(p - 8, 8);
    announce(p);
    free(p);
    return not_stopped();
}
