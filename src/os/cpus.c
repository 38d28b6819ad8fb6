/*
 * How many processors this process may use.
 */
#include "os/os.h"
#include "os/quota.h"

#include <errno.h>
#include <sched.h>

/* To find a quota takes several files, 60 to 200 us on a slow virtual machine: so much time that programs
 * which start on few processors are not asked to spend it. */
enum { FEW = 4 };

enum { SETS = 8 };

size_t os_cpu_count(void)
{
    cpu_set_t allowed[SETS]; /* of 1,024 processors each */
    int saved_errno = errno;
    size_t count = 1;
    if (sched_getaffinity(0, sizeof(allowed), allowed) == 0) {
        count = (size_t)CPU_COUNT_S(sizeof(allowed), allowed);
    }
    if (count > FEW) {
        size_t quota = quota_cpu_count("/proc/self/cgroup", "/sys/fs/cgroup");
        count = quota < count ? quota : count;
    }
    errno = saved_errno;
    return count;
}
