/*
 * Free a number that is no address.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: there is no memory
 */
#include "misuse.h"

int main(void)
{
    char *wrong = hide((void *)(uintptr_t)42);
    announce(wrong);
    free(wrong);
    return not_stopped();
}
