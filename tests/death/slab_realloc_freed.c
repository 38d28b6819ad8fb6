/*
 * Resize an object of a slab that is free.
 *
 * Expected: realloc\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    announce(object[1]);
    require(realloc(object[1], 100) != object[1], "the object has no room");
    return not_stopped();
}
