/*
 * Resize an object of a slab that is free to no bytes.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    announce(object[1]);
    require(realloc(object[1], 0) == NULL, "the object is freed");
    return not_stopped();
}
