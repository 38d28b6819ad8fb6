/*
 * Write over a block after it was freed, and resize it to about the size that it had.
 *
 * Options: check=1
 * Expected: realloc\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(1500));
    require(malloc(1500) != NULL, "memory is out");
    free(p);
    memset(p, 1, 32);
    announce(p);
    require(hide(realloc(p, 1510)) != NULL, "memory is out");
    return not_stopped();
}
