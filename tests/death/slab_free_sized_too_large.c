/*
 * Give free_sized a size that is larger than the object.
 *
 * Expected: free_sized\(ADDRESS, 49\): wrong size: the block has 48 usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    require(free_sized != NULL, "there is no free_sized");
    announce(object[1]);
    free_sized(object[1], 49);
    return not_stopped();
}
