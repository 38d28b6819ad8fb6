/*
 * Free libc's stdout.
 *
 * Expected: free\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

int main(void)
{
    announce((char *)((uintptr_t)stdout & ~(uintptr_t)15));
    free(hide((char *)((uintptr_t)stdout & ~(uintptr_t)15)));
    return not_stopped();
}
