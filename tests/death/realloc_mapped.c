/*
 * Resize memory that the program mapped itself.
 *
 * Expected: realloc\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

#include <sys/mman.h>

int main(void)
{
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "no memory");
    announce(memory + 4096);
    require(realloc(hide(memory + 4096), 100) == NULL, "it was resized");
    return not_stopped();
}
