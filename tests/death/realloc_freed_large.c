/*
 * Change the size of a block of 1 MiB that is free.
 *
 * Expected: realloc\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc((size_t)1 << 20));
    char *wall = hide(malloc(100));
    require(wall > p, "the blocks are not neighbours");
    free(p);
    announce(p);
    char *moved = hide(realloc(p, (size_t)2 << 20));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
