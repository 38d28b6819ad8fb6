/*
 * Delete an array as if it were shorter.
 *
 * Expected: free_sized\(ADDRESS, 100\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

#include <new>

int main(void)
{
    char *p = hide(::operator new[](400));
    announce(p);
    ::operator delete[](p, std::size_t{100});
    return not_stopped();
}
