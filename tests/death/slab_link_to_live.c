/*
 * Make a freed object's link lead to a live one, and allocate two: the second would be the live one.
 *
 * Expected: corrupted free list: it leads to ADDRESS, which is no free block of 48 bytes; memory was probably written to after it was freed, or past the end of the block before it
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    announce(object[2]);
    memcpy(hide(object[1]), &object[2], sizeof(char *));
    require(hide(malloc(48)) == object[1], "the object is not the next");
    char *p = hide(malloc(48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
