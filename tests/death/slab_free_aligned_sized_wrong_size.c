/*
 * Give free_aligned_sized a size that is of another class.
 *
 * Expected: free_aligned_sized\(ADDRESS, 200\): wrong size: the block has 48 usable bytes
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    require(free_aligned_sized != NULL, "there is no free_aligned_sized");
    announce(object[1]);
    free_aligned_sized(object[1], 16, 200);
    return not_stopped();
}
