/*
 * Write past the end of an aligned block, and free it.
 *
 * Options: check=2
 * Expected: free\(ADDRESS\): write past the end of the block of 1000 bytes: 3 bytes behind its end was written to
 */
#include "misuse.h"

int main(void)
{
    void *p = NULL;
    require(posix_memalign(&p, 256, 1000) == 0, "memory is out");
    smash((char *)p + 1003, 1);
    announce(p);
    free(p);
    return not_stopped();
}
