/*
 * Free many blocks. Then write past the end of one, and free and ask for it time and again.
 *
 * Expected: free\(ADDRESS\): heap corrupted: the header after the block of [0-9]+ usable bytes was overwritten; probably a write past the block's end
 */
#include "misuse.h"

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        free(hide(malloc(2000)));
    }
    char *block = hide(malloc(2000));
    require(malloc(2000) != NULL, "memory is out");
    announce(block);
    smash(block + malloc_usable_size(block), 8);
    for (int i = 0; i < 300; i++) {
        free(block);
        require(hide(malloc(2000)) == block, "another block was reused");
    }
    return not_stopped();
}
