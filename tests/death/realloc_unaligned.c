/*
 * Change the size of a block by an unaligned address within it.
 *
 * Expected: realloc\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1000));
    announce(p + 8);
    char *moved = hide(realloc(p + 8, 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
