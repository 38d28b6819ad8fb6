/*
 * Free an address within a block that is free.
 *
 * Expected: free\(ADDRESS\): no block begins there, or its header was overwritten
 */
#include "misuse.h"

int main(void)
{
    char *block[3];
    three_neighbours(block, 1000);
    memset(block[1], 0x11, 1000);
    free(block[1]);
    announce(block[1] + 512);
    free(block[1] + 512);
    return not_stopped();
}
