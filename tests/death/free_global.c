/*
 * Free an address in the data segment that could be a payload's.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: it lies in the program.s data
 */
#include "misuse.h"

int main(void)
{
    static _Alignas(16) char global[64];
    char *p = hide(malloc(40));
    require(p != NULL, "memory is out");
    announce(global + 16);
    free(hide(global + 16));
    return not_stopped();
}
