/*
 * Delete an object as one of a larger type.
 *
 * Expected: free_sized\(ADDRESS, 400\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

#include <new>

int main(void)
{
    char *p = hide(::operator new(100));
    announce(p);
    ::operator delete (p, std::size_t{400});
    return not_stopped();
}
