/*
 * Free an address of a slab at which an object will be, but has not been yet.
 *
 * Expected: free\(ADDRESS\): no block begins there: it was never allocated
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    char *later = object[1] + 48 * 1000;
    require(((uintptr_t)later ^ (uintptr_t)object[1]) < 65536, "the slab is too short");
    announce(later);
    free(later);
    return not_stopped();
}
