/*
 * Free the last address that there is, as who takes -16 for a pointer.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: there is no memory
 */
#include "misuse.h"

int main(void)
{
    char *wrong = (char *)UINTPTR_MAX - 15;
    announce(wrong);
    free(hide(wrong));
    return not_stopped();
}
