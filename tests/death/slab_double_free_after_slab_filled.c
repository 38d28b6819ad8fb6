/*
 * Free the objects of many slabs, and then one of the middle again, while its slab is kept.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    char *many[4000];
    for (int i = 0; i < 4000; i++) {
        many[i] = hide(malloc(48));
    }
    for (int i = 0; i < 4000; i += 2) {
        free(many[i]);
    }
    announce(many[2000]);
    free(many[2000]);
    return not_stopped();
}
