/*
 * Read far past the end of a block.
 *
 * Options: check=3
 * Expected: access past the end of a block: to 0x[0-9a-f]+, which is 28 bytes behind the live block of 100 bytes at ADDRESS
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(100));
    announce(p);
    volatile char *past = p + 128;
    return *past == 1 ? 0 : not_stopped();
}
