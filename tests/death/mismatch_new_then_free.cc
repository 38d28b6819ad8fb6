/*
 * Free by free() what operator new gave.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): mismatch: the block of 100 bytes is from operator new, and is to go by operator delete
 */
#include "misuse.h"

#include <new>

int main(void)
{
    void *p = hide(::operator new(100));
    announce(p);
    free(p);
    return not_stopped();
}
