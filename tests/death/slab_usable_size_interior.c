/*
 * Ask for the size of what is in the middle of an object of a slab.
 *
 * Expected: malloc_usable_size\(ADDRESS\): no block begins there: it is inside one of 48 bytes, or between blocks
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    announce(object[1] + 16);
    require(malloc_usable_size(object[1] + 16) != 1, "no payload has one byte");
    return not_stopped();
}
