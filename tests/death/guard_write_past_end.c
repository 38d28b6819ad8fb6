/*
 * Write to the first byte past the end of a block of whole cache lines.
 *
 * Options: check=3
 * Expected: access past the end of a block: to 0x[0-9a-f]+, which is 0 bytes behind the live block of 6400 bytes at ADDRESS
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(6400));
    memset(p, 1, 6400);
    announce(p);
    smash(p + 6400, 1);
    return not_stopped();
}
