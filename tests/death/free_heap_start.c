/*
 * Free the heap's very first address, which no block can have.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *start = hide(malloc(40));
    start -= (uintptr_t)start % 65536;
    announce(start + 16);
    free(start + 16);
    return not_stopped();
}
