/*
 * Write past a block's end by a word and change the size of the next block.
 *
 * Expected: realloc\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    smash(block[1] + 40, 8);
    announce(block[2]);
    char *moved = hide(realloc(block[2], 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
