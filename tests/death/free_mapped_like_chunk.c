/*
 * Free memory that the program mapped itself, and in which a number stands that glibc takes for a chunk's size.
 *
 * Expected: free\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

#include <sys/mman.h>

int main(void)
{
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "no memory");
    char *inside = memory + 512;
    *(size_t *)(void *)(inside - sizeof(size_t)) = 0x41;
    announce(inside);
    free(hide(inside));
    return not_stopped();
}
