/*
 * Free a block again whose memory went back to the system after the first time.
 *
 * Expected: free\(ADDRESS\): the block was released, and its memory given back to the system
 */
#include "misuse.h"

#include <malloc.h>

int main(void)
{
    char *below = hide(malloc((size_t)8 << 20));
    char *p = hide(malloc((size_t)8 << 20));
    require(p > below, "the blocks are not in order");
    free(p);
    free(below);
    malloc_trim(0);
    announce(p);
    free(p);
    return not_stopped();
}
