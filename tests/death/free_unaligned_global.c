/*
 * Free an address in the data segment that no payload can have.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: it lies in the program.s data
 */
#include "misuse.h"

static long long global[4];

int main(void)
{
    char *p = hide(malloc(40));
    char *wrong = hide((char *)global + 1);
    require(p != NULL, "memory is out");
    announce(wrong);
    free(wrong);
    return not_stopped();
}
