/*
 * Free the place at which a slab begins: the core sees a payload there.
 *
 * Expected: free\(ADDRESS\): no block begins there: it is inside one of 48 bytes, or between blocks
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    char *start = object[1] - (uintptr_t)object[1] % 65536 + 16;
    announce(start);
    free(start);
    return not_stopped();
}
