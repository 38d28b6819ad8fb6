/*
 * Change a large free block's first words, then allocate it.
 *
 * Expected: .*ADDRESS.*
 */
#include "misuse.h"

int main(void)
{
    char *p = hide(malloc(200000));
    char *between = hide(malloc(100));
    char *q = hide(malloc(220000));
    char *wall = hide(malloc(100));
    size_t usable = malloc_usable_size(p);
    require(between > p && wall > q, "the blocks are not in order");
    free(p);
    free(q);
    smash(p, usable < 64 ? usable : 64);
    announce(p);
    p = hide(malloc(200000));
    q = hide(malloc(220000));
    require(p != NULL && q != NULL, "memory is out");
    return not_stopped();
}
