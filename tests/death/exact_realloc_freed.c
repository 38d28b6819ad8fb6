/*
 * Write over an object after it was freed, and resize it to the size that it had.
 *
 * Options: check=1
 * Expected: realloc\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    memset(object[1], 1, 48);
    announce(object[1]);
    char *p = hide(realloc(object[1], 48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
