/*
 * Mappings and limits.
 */
#include "os/os.h"

#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

enum os_map_result os_map_at(char *where, size_t size)
{
    char *got = mmap(where, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == where) {
        return OS_MAPPED;
    }
    if (got == MAP_FAILED) {
        return errno == EEXIST ? OS_OCCUPIED : OS_REFUSED;
    }
    munmap(got, size); /* a kernel before 4.17 takes the address for a hint */
    return OS_OCCUPIED;
}

void os_unmap(char *where, size_t size)
{
    munmap(where, size);
}

/* Without access, it counts neither as committed memory nor against RLIMIT_DATA. */
char *os_reserve(size_t size)
{
    char *got = mmap(NULL, size, PROT_NONE, ANONYMOUS, -1, 0);
    return got == MAP_FAILED ? NULL : got;
}

/* mmap rather than mprotect: sandboxes let the first through more often. */
bool os_commit(char *where, size_t size)
{
    return mmap(where, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) != MAP_FAILED;
}

/*
 * The kernel places mappings downwards from near the stack, so what lies well
 * below the newest one stays free longest.
 */
char *os_free_range(size_t size)
{
    char *newest = os_reserve(os_page_size());
    if (newest == NULL) {
        return NULL;
    }
    os_unmap(newest, os_page_size());
    return (uintptr_t)newest / 2 > size ? newest - size - (uintptr_t)newest / 4 : NULL;
}

size_t os_address_space_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return SIZE_MAX;
    }
    return limit.rlim_cur;
}

size_t os_page_size(void)
{
    return getauxval(AT_PAGESZ);
}

/* The kernel puts 16 random bytes on each new process's stack: no file and no
 * system call is needed. libc takes its guards from the same bytes, so they are
 * folded by a multiplication that cannot be undone from the result alone. */
uint64_t os_entropy(void)
{
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    uint64_t value = 0;
    for (int i = 0; random != NULL && i < 16; i++) {
        value = (value ^ random[i]) * UINT64_C(0x9e3779b97f4a7c15);
        value ^= value >> 29;
    }
    return value;
}
