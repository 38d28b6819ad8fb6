/*
 * Ask for the size of an object of a slab that is free.
 *
 * Expected: malloc_usable_size\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    announce(object[1]);
    require(malloc_usable_size(object[1]) != 1, "no payload has one byte");
    return not_stopped();
}
