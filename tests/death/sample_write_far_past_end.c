/*
 * Write more than half a page past the end of blocks: the samples behind them were never used.
 *
 * Options: guard_sample=1
 * Expected: access past the end of a block: to 0x[0-9a-f]+, 3000 bytes behind the block of 64 bytes at 0x[0-9a-f]+
 */
#include "misuse.h"

int main(void)
{
    announce(NULL);
    for (int i = 0; i < 100; i++) {
        char *block = hide(malloc(64));
        block[64 + 3000] = 1;
    }
    return not_stopped();
}
