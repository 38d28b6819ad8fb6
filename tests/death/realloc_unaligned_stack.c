/*
 * Change the size of something on the stack.
 *
 * Expected: realloc\(ADDRESS\): the address was never allocated: it lies on the stack
 */
#include "misuse.h"

int main(void)
{
    long long local[4] = {0};
    char *wrong = hide((char *)local + 3);
    announce(wrong);
    char *moved = hide(realloc(wrong, 100));
    require(moved != NULL, "memory is out");
    return not_stopped();
}
