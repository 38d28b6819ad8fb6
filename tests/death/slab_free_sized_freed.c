/*
 * Give free_sized an object that is free, with its right size.
 *
 * Expected: free(_sized)?\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    require(free_sized != NULL, "there is no free_sized");
    free(object[1]);
    announce(object[1]);
    free_sized(object[1], 48);
    return not_stopped();
}
