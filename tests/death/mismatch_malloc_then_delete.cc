/*
 * Delete what malloc() gave.
 *
 * Options: check=2
 * Expected: operator delete\(ADDRESS\): mismatch: the block of 100 bytes is from malloc, and is to go by free
 */
#include "misuse.h"

#include <new>

int main(void)
{
    char *p = hide(malloc(100));
    announce(p);
    delete p;
    return not_stopped();
}
