/*
 * Write to a freed object, and allocate another.
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
    char *p = hide(malloc(48));
    require(p != NULL, "memory is out");
    return not_stopped();
}
