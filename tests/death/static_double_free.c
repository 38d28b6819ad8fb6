/*
 * Linked with libma.a: free a block twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

#include "ma.h"

int main(void)
{
    char *p = hide(ma_malloc(40));
    ma_free(p);
    announce(p);
    ma_free(p);
    return not_stopped();
}
