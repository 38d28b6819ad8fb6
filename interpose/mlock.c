/*
 * A program that locks all its memory: the kernel holds its whole address space against RLIMIT_MEMLOCK, of which the heap has reserved much
 * for its tables. They are fitted to the limit then.
 */
#include "api/fork.h"
#include "core/space.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in <sys/mman.h>, most of which is for src/os/ alone. */
MA_RARE int mlockall(int flags);

int mlockall(int flags)
{
    int status = (int)syscall(SYS_mlockall, flags);
    struct rlimit limit;
    if (status != 0 && errno == ENOMEM && fork_is_own_process() &&
        getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        space_fit(limit.rlim_cur);
        status = (int)syscall(SYS_mlockall, flags);
    }
    return status;
}
