/*
 * Linked with libma.a: free a payload of libc's.
 *
 * Expected: free\(ADDRESS\): the address was never allocated here
 */
#include "misuse.h"

#include "ma.h"

int main(void)
{
    char *p = hide(malloc(40));
    announce(p);
    ma_free(p);
    return not_stopped();
}
