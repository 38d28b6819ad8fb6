/*
 * Read blocks after they were freed: some are samples.
 *
 * Options: guard_sample=1
 * Expected: access after free: to 0x[0-9a-f]+, byte 5 of the block of 64 bytes at 0x[0-9a-f]+
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
        free(blocks[i]);
        volatile char *byte = blocks[i] + 5;
        require(*byte != 77, "the byte was not written");
    }
    return not_stopped();
}
