/*
 * Write to a block after it was freed, and go on: it is noticed before the block is used again.
 *
 * Options: check=2,quarantine=64K
 * Expected: write after free: the block of 100 bytes at ADDRESS was written to at byte 99 after it was freed
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    free(p);
    smash(p + 99, 1);
    announce(p);
    for (int i = 0; i < 10000; i++) {
        free(hide(malloc(100)));
    }
    _exit(not_stopped());
}
