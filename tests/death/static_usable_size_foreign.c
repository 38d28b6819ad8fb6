/*
 * Linked with libma.a: ask for the size of a payload of libc's.
 *
 * Expected: malloc_usable_size\(ADDRESS\): the address was never allocated here
 */
#include "misuse.h"

#include "ma.h"

int main(void)
{
    char *p = hide(malloc(40));
    announce(p);
    size_t usable = ma_usable_size(p);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
