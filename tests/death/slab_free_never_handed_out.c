/*
 * Free an object of a slab that is free and was never handed out.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    announce(object[2] + 48);
    free(object[2] + 48);
    return not_stopped();
}
