/*
 * Write to the first word of a freed object, and allocate two.
 *
 * Options: check=1
 * Expected: corrupted free list: it leads to 0x4141414141414141, which is no free block of 48 bytes; memory was probably written to after it was freed, or past the end of the block before it
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    memset(object[1], 0x41, 8);
    announce(object[1]);
    require(hide(malloc(48)) == object[1], "the object is not the next");
    char *p = hide(malloc(48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
