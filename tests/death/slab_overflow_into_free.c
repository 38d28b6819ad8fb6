/*
 * Write past the end of an object into a free one, and allocate that.
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
    smash(object[0] + 48, 16);
    char *p = hide(malloc(48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
