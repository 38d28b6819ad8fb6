/*
 * Ask for the size of the first byte of memory that the program mapped itself.
 *
 * Expected: malloc_usable_size\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

#include <sys/mman.h>

int main(void)
{
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "no memory");
    announce(memory);
    require(malloc_usable_size(hide(memory)) == 0, "it has a size");
    return not_stopped();
}
