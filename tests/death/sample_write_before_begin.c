/*
 * Write before the begin of a block that lies at the end of its page, and resize it.
 *
 * Options: guard_sample=1
 * Expected: realloc\(ADDRESS\): write before the begin of the block of 64 bytes
 */
#include "misuse.h"

int main(void)
{
    char *block;
    do {
        block = hide(malloc(64));
    } while ((uintptr_t)block % 4096 != 4096 - 64);
    announce(block);
    smash(block - 1, 1);
    require(hide(realloc(block, 100)) != NULL, "memory is out");
    return not_stopped();
}
