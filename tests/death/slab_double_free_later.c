/*
 * Free an object of a slab again after many others came and went; none has taken its place.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    for (int i = 0; i < 1000; i++) {
        free(hide(malloc(500)));
        free(hide(malloc(96)));
    }
    free(object[0]);
    free(object[2]);
    announce(object[1]);
    free(object[1]);
    return not_stopped();
}
