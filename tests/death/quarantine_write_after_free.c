/*
 * Write to a block after it was freed, and never again: it is noticed when the program ends.
 *
 * Options: check=2
 * Expected: write after free: the block of 100 bytes at ADDRESS was written to at byte 50 after it was freed
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    free(p);
    smash(p + 50, 1);
    announce(p);
    return 0;
}
