/*
 * Read a little past the end of blocks: some are samples, and most of these end where a guard page begins.
 *
 * Options: guard_sample=1
 * Expected: access past the end of a block: to 0x[0-9a-f]+, 3 bytes behind the block of 64 bytes at 0x[0-9a-f]+
 */
#include "misuse.h"

int main(void)
{
    char *blocks[100];
    for (int i = 0; i < 100; i++) {
        blocks[i] = hide(malloc(64));
    }
    announce(NULL);
    for (int i = 0; i < 100; i++) {
        volatile char *byte = blocks[i] + 67;
        require(*byte != 77, "the byte was not written");
    }
    return not_stopped();
}
