/*
 * Linked with libma.a: free an aligned address on the stack.
 *
 * Expected: free\(ADDRESS\): the address was never allocated here
 */
#include "misuse.h"

#include "ma.h"

int main(void)
{
    long double local[4] = {0};
    announce(local);
    ma_free(hide(local));
    return not_stopped();
}
