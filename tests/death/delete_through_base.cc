/*
 * Delete an object through a base class without a virtual destructor: the size is the base's.
 *
 * Expected: free_sized\(ADDRESS, [0-9]+\): wrong size: the block has [0-9]+ usable bytes
 */
#include "misuse.h"

#include <new>

namespace
{
struct Base {
    int number = 1;
};

struct Derived : Base {
    char rest[500] = {};
};
} // namespace

int main(void)
{
    Base *object = new Derived;
    announce(object);
    Base *volatile hidden = object;
    delete hidden;
    return not_stopped();
}
