/*
 * Write before a block's beginning and change its size.
 *
 * Expected: realloc\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(40));
    smash(p - 8, 8);
    announce(p);
    char *moved = hide(realloc(p, 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
