/*
 * Mappings and limits.
 */
#include "os/os.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
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

/* Who refuses once, save for want of memory or of the pages themselves, does so always. */
void os_populate(char *where, size_t size)
{
    static bool is_refused;
    if (__atomic_load_n(&is_refused, __ATOMIC_RELAXED)) {
        return;
    }
    int saved_errno = errno;
    if (madvise(where, size, MADV_POPULATE_WRITE) != 0 && errno != ENOMEM && errno != EAGAIN) {
        __atomic_store_n(&is_refused, true, __ATOMIC_RELAXED);
    }
    errno = saved_errno;
}

/* Not MADV_FREE: its pages stay resident until the system is short of memory, and look like a leak. */
bool os_purge(char *where, size_t size)
{
    int saved_errno = errno;
    bool is_done = madvise(where, size, MADV_DONTNEED) == 0;
    errno = saved_errno;
    return is_done;
}

/* What is there is neither changed nor touched. */
bool os_is_mapped(const void *address)
{
    int saved_errno = errno;
    size_t size = os_page_size();
    void *page = (void *)((uintptr_t)address & ~(size - 1));
    bool is_last = (uintptr_t)page + size == 0; /* of which the kernel says something else */
    bool is_mapped = !is_last && (madvise(page, size, MADV_WILLNEED) == 0 || errno != ENOMEM);
    errno = saved_errno;
    return is_mapped;
}

/* The kernel compares before it waits, which is not for long here; where there is no memory it says so. */
static bool half_is(const uint32_t *where, uint32_t value)
{
    const struct timespec none = {0};
    long status;
    do {
        status = syscall(SYS_futex, where, FUTEX_WAIT_PRIVATE, value, &none, NULL, 0);
    } while (status != 0 && errno == EINTR);
    return status == 0 || errno == ETIMEDOUT;
}

/* What was written before the word was is seen from here on. ThreadSanitizer understands that of a load alone, which might fault. */
static void acquire(const ptrdiff_t *where)
{
#ifdef __SANITIZE_THREAD__
    (void)__atomic_load_n(where, __ATOMIC_ACQUIRE);
#else
    (void)where;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

bool os_word_is(const ptrdiff_t *where, ptrdiff_t value)
{
    uint32_t halves[sizeof(value) / sizeof(uint32_t)];
    memcpy(halves, &value, sizeof(value));
    const uint32_t *half = (const uint32_t *)where;
    int saved_errno = errno;
    bool is = half_is(half, halves[0]) && half_is(half + 1, halves[1]);
    errno = saved_errno;
    if (is) {
        acquire(where);
    }
    return is;
}

/* From Linux 6.13 on there are guards that cost no mapping of their own. */
static MA_RARE bool has_light_guards(void)
{
    static int answer; /* 0: not asked yet */
    if (__atomic_load_n(&answer, __ATOMIC_RELAXED) == 0) {
        bool is_known = madvise(NULL, 0, MADV_GUARD_INSTALL) == 0;
        __atomic_store_n(&answer, is_known ? 1 : 2, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&answer, __ATOMIC_RELAXED) == 1;
}

/* Each run without access by mprotect() makes two mappings more: of 65,530 that a process may have, as a rule, so many runs
 * leave half to others. */
enum { HEAVY_MAX = 16384 };

static size_t heavy_count; /* atomic */

void os_guard(char *where, size_t size)
{
    int saved_errno = errno;
    bool is_light = has_light_guards() && madvise(where, size, MADV_GUARD_INSTALL) == 0;
    if (!is_light && __atomic_fetch_add(&heavy_count, 1, __ATOMIC_RELAXED) < HEAVY_MAX) {
        mprotect(where, size, PROT_NONE);
    }
    errno = saved_errno;
}

void os_unguard(char *where, size_t size)
{
    int saved_errno = errno;
    bool is_light = has_light_guards() && madvise(where, size, MADV_GUARD_REMOVE) == 0;
    if (!is_light) {
        __atomic_fetch_sub(&heavy_count, 1, __ATOMIC_RELAXED);
        mprotect(where, size,
                 PROT_READ | PROT_WRITE); /* no work where the pages have these rights */
    }
    errno = saved_errno;
}

void os_withdraw(char *where, size_t size)
{
    int saved_errno = errno;
    if (mmap(where, size, PROT_NONE, ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        madvise(where, size, MADV_DONTNEED);
    }
    errno = saved_errno;
}

void os_advise_huge(char *where, size_t size, bool is_wanted)
{
    int saved_errno = errno;
    madvise(where, size, is_wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    errno = saved_errno;
}

/*
 * Who refuses once, save for want of memory or because the pages are not of one mapping, does so always. Memory that is
 * locked refuses the purge already: a move would unlock what it leaves behind. The kernel takes what is at `to` away before
 * it looks whether it can move.
 */
enum os_move_result os_move(char *to, char *from, size_t size)
{
    static bool is_refused;
    if (__atomic_load_n(&is_refused, __ATOMIC_RELAXED) || !os_purge(to, size)) {
        return OS_MOVE_REFUSED;
    }
    int saved_errno = errno;
    bool is_moved =
        mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to;
    if (!is_moved && errno != ENOMEM && errno != EFAULT && errno != EAGAIN) {
        __atomic_store_n(&is_refused, true, __ATOMIC_RELAXED);
    }
    bool is_there = is_moved || os_purge(to, size) || os_map_at(to, size) == OS_MAPPED;
    errno = saved_errno;
    if (is_moved) {
        return OS_MOVED;
    }
    return is_there ? OS_MOVE_REFUSED : OS_MOVE_LOST;
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
uint64_t os_entropy(uint64_t purpose)
{
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    uint64_t value = purpose;
    for (int i = 0; random != NULL && i < 16; i++) {
        value = (value ^ random[i]) * UINT64_C(0x9e3779b97f4a7c15);
        value ^= value >> 29;
    }
    return value;
}
