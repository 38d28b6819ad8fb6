/*
 * Free an address on the stack that no payload can have.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: it lies on the stack
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    long long local[4] = {0};
    char *wrong = hide((char *)local + 3);
    require(p != NULL, "memory is out");
    announce(wrong);
    free(wrong);
    return not_stopped();
}
