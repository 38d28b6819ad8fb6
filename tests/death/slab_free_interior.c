/*
 * Free an address in the middle of an object of a slab.
 *
 * Expected: free\(ADDRESS\): no block begins there: it is inside one of 48 bytes, or between blocks
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    announce(object[1] + 16);
    free(object[1] + 16);
    return not_stopped();
}
