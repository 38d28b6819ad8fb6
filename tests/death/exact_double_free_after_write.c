/*
 * Write over an object after it was freed, and free it once more.
 *
 * Options: check=1
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    memset(object[1], 0, 48);
    announce(object[1]);
    free(object[1]);
    return not_stopped();
}
