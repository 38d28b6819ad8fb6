/*
 * Linked with libma.a: change the size of a payload of libc's.
 *
 * Expected: realloc\(ADDRESS\): the address was never allocated here
 */
#include "misuse.h"

#include "ma.h"

int main(void)
{
    char *p = hide(malloc(40));
    announce(p);
    p = hide(ma_realloc(p, 100));
    require(p != NULL, "memory is out");
    return not_stopped();
}
