/*
 * Free what was never allocated, in a program that has allocated nothing.
 *
 * Expected: free\(ADDRESS\): the address was never allocated: it lies in the program.s data
 */
#include "misuse.h"

static long long global[4];

int main(void)
{
    char *wrong = hide((char *)global + 1);
    announce(wrong);
    free(wrong);
    return not_stopped();
}
