/*
 * Delete an object as one of a type with a larger alignment.
 *
 * Expected: free_aligned_sized\(ADDRESS, 4096, 64\): the payload does not have that alignment
 */
#include "misuse.h"

#include <new>

int main(void)
{
    char *p = hide(::operator new (64, std::align_val_t{64}));
    p = reinterpret_cast<uintptr_t>(p) % 4096 != 0
            ? p
            : hide(::operator new (64, std::align_val_t{64}));
    announce(p);
    ::operator delete (p, std::size_t{64}, std::align_val_t{4096});
    return not_stopped();
}
