/*
 * Write text over all of a large free block, then allocate it.
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
    memset(hide(p), 'A', usable);
    announce(p);
    p = hide(malloc(200000));
    q = hide(malloc(220000));
    require(p != NULL && q != NULL, "memory is out");
    return not_stopped();
}
