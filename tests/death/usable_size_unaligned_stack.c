/*
 * Ask for the size of something on the stack.
 *
 * Expected: malloc_usable_size\(ADDRESS\): the address was never allocated: it lies on the stack
 */
#include "misuse.h"

int main(void)
{
    long long local[4] = {0};
    char *wrong = hide((char *)local + 3);
    announce(wrong);
    size_t usable = malloc_usable_size(wrong);
    require(usable != 1, "no payload has one byte");
    return not_stopped();
}
