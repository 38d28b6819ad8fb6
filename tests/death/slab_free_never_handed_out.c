/*
 * Free an object of a slab that is free and was never handed out.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

#include <stdbool.h>

enum { MOST = 500, SIZE = 48, PAGE = 4096 };

static char *objects[MOST];

static bool is_handed_out(const char *object, int count)
{
    for (int i = 0; i < count; i++) {
        if (objects[i] == object) {
            return true;
        }
    }
    return false;
}

/* A page's objects become free together, and are handed out from a random one on. */
static bool is_free_next(const char *object, int count)
{
    const char *next = object + SIZE;
    return malloc_usable_size((void *)object) == SIZE && /* or it lies in no slab yet */
           (uintptr_t)object / PAGE == ((uintptr_t)next + SIZE - 1) / PAGE &&
           !is_handed_out(next, count);
}

int main(void)
{
    int count = 0;
    do {
        require(count < MOST, "there is no such object");
        objects[count] = hide(malloc(SIZE));
        count++;
    } while (!is_free_next(objects[count - 1], count));
    char *object = objects[count - 1] + SIZE;
    announce(object);
    free(object);
    return not_stopped();
}
