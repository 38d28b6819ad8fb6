/*
 * Free an address in the heap that was never handed out.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    announce(p + 4096);
    free(p + 4096);
    return not_stopped();
}
