/*
 * Delete one object by the form for arrays, which is aligned.
 *
 * Options: check=2
 * Expected: operator delete\[\]\(ADDRESS\): mismatch: the block of 100 bytes is from operator new, and is to go by operator delete
 */
#include "misuse.h"

#include <new>

int main(void)
{
    const std::align_val_t alignment{64};
    void *p = hide(::operator new(100, alignment));
    announce(p);
    ::operator delete[](p, alignment);
    return not_stopped();
}
