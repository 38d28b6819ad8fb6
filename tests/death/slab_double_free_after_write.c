/*
 * Write to a freed object, and free it again: it is on the list twice, and the second time it is found not to be free.
 *
 * Expected: corrupted free list: it leads to ADDRESS, which is no free block of 48 bytes; memory was probably written to after it was freed, or past the end of the block before it
 */
#include "misuse.h"

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free(object[1]);
    announce(object[1]);
    smash(object[1], 16);
    free(hide(object[1]));
    require(hide(malloc(48)) == object[1], "the object is not the next");
    char *p = hide(malloc(48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
