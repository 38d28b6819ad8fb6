/*
 * Change the size of a block by an address within it.
 *
 * Expected: realloc\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(calloc(1, 1000));
    announce(p + 160);
    char *moved = hide(realloc(p + 160, 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
