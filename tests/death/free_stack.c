/*
 * Free an address on the stack that could be a payload's.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: it lies on the stack
 */
#include "misuse.h"

int main(void)
{
    _Alignas(16) char local[64] = {0};
    char *p = hide(malloc(40));
    require(p != NULL, "memory is out");
    announce(local + 16);
    free(hide(local + 16));
    return not_stopped();
}
