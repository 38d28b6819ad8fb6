/*
 * Free an address where there is no memory.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: there is no memory
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    require(p != NULL, "memory is out");
    char *wrong = p + ((size_t)1 << 34);
    announce(wrong);
    free(hide(wrong));
    return not_stopped();
}
