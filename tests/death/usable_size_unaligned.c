/*
 * Ask for the size of a block by an unaligned address within it.
 *
 * Expected: malloc_usable_size\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1000));
    announce(p + 8);
    size_t usable = malloc_usable_size(p + 8);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
