/*
 * Delete an array by the form for one object.
 *
 * Options: check=2
 * Expected: operator delete\(ADDRESS\): mismatch: the block of 100 bytes is from operator new\[\], and is to go by operator delete\[\]
 */
#include "misuse.h"

#include <new>

int main(void)
{
    char *p = hide(new char[100]);
    announce(p);
    delete p;
    return not_stopped();
}
