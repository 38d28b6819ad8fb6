/*
 * Resize what operator new gave.
 *
 * Options: check=2
 * Expected: realloc\(ADDRESS\): mismatch: the block of 5000 bytes is from operator new, and is to go by operator delete
 */
#include "misuse.h"

#include <new>

int main(void)
{
    void *p = hide(::operator new(5000));
    announce(p);
    p = hide(realloc(p, 10000));
    return not_stopped();
}
