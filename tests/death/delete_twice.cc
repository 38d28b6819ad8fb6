/*
 * Delete an object twice.
 *
 * Expected: free_sized\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

#include <new>

namespace
{
struct Object {
    char rest[200] = {};
};
} // namespace

int main(void)
{
    Object *volatile object = new Object;
    void *wall = ::operator new(200);
    require(wall != nullptr, "memory is out");
    announce(object);
    delete object;
    delete object;
    return not_stopped();
}
