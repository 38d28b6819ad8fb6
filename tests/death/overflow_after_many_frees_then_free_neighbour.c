/*
 * Free many blocks. Then write past the end of one, free it, which is believed, and free the next.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block = hide(malloc(2000));
    char *next = hide(malloc(2000));
    require(next == block + malloc_usable_size(block) + 8, "two blocks are not neighbours");
    for (int i = 0; i < 1000; i++) {
        free(hide(malloc(2000)));
    }
    announce(next);
    smash(block + malloc_usable_size(block), 8);
    free(block);
    free(next);
    return not_stopped();
}
