/*
 * Write past the end of a block, and make it larger.
 *
 * Options: check=2
 * Expected: realloc\(ADDRESS\): write past the end of the block of 24 bytes: 0 bytes behind its end was written to
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(calloc(3, 8));
    smash(p + 24, 4);
    announce(p);
    p = hide(realloc(p, 500));
    return not_stopped();
}
