/*
 * Write past the end of a block of 1 MiB and free it.
 *
 * Expected: free\(ADDRESS\): heap corrupted: the header after the block of [0-9]+ usable bytes was overwritten; probably a write past the block's end
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc((size_t)1 << 20));
    char *wall = hide(malloc(100));
    size_t usable = malloc_usable_size(p);
    require(wall == p + usable + 8, "the blocks are not neighbours");
    smash(p + usable, 8);
    announce(p);
    free(p);
    return not_stopped();
}
