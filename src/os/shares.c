/*
 * How many processors and how much memory this process may use.
 */
#include "os/os.h"
#include "os/quota.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not constants, which lie in pages that a program which starts would not touch otherwise. */
static char membership[] = "/proc/self/cgroup";
static char groups[] = "/sys/fs/cgroup";

/* To find a quota takes several files, 60 to 200 us on a slow virtual machine: so much time that programs
 * which start on few processors are not asked to spend it. */
enum { FEW = 4 };

/* Those in the affinity mask; 1 where there are too many to tell. The system call as it is: libc's function lies in
 * pages that a program which starts would not touch otherwise. */
static size_t allowed_count(void)
{
    unsigned long mask[8192 / (8 * sizeof(unsigned long))] = {0};
    size_t count = 0;
    syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
    for (size_t i = 0; i < sizeof(mask) / sizeof(mask[0]); i++) {
        count += (size_t)__builtin_popcountl(mask[i]);
    }
    return count > 0 ? count : 1;
}

size_t os_cpu_count(void)
{
    int saved_errno = errno;
    size_t count = allowed_count();
    if (count > FEW) {
        size_t quota = quota_cpu_count(membership, groups);
        count = quota < count ? quota : count;
    }
    errno = saved_errno;
    return count;
}

size_t os_memory_limit(void)
{
    int saved_errno = errno;
    size_t limit = quota_memory_bytes(allowed_count() > FEW ? membership : NULL, groups);
    errno = saved_errno;
    return limit;
}
