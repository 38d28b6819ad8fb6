/*
 * A program that limits its own address space: what the heap has reserved for its tables counts against the limit, and is
 * fitted to it. Without this, a limit below the reservation would leave nothing for stacks and mappings.
 *
 * These are called between fork or vfork and exec, so they call the system themselves, as glibc's do: dlsym() may not be called
 * there.
 */
#include "api/fork.h"
#include "core/space.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one form for both");

static int set_and_get(pid_t process, int resource, const void *new_limit, void *old_limit)
{
    int status = (int)syscall(SYS_prlimit64, process, resource, new_limit, old_limit);
    const struct rlimit *limit = new_limit;
    __asm__("" : "+r"(limit)); /* libc's header has it that there is always one */
    if (status == 0 && limit != NULL && resource == RLIMIT_AS && fork_is_own_process() &&
        (process == 0 || process == getpid())) {
        space_fit(limit->rlim_cur);
    }
    return status;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return set_and_get(0, (int)resource, limit, NULL);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    return set_and_get(0, (int)resource, limit, NULL);
}

int prlimit(pid_t process, enum __rlimit_resource resource, const struct rlimit *new_limit,
            struct rlimit *old_limit)
{
    return set_and_get(process, (int)resource, new_limit, old_limit);
}

int prlimit64(pid_t process, enum __rlimit_resource resource, const struct rlimit64 *new_limit,
              struct rlimit64 *old_limit)
{
    return set_and_get(process, (int)resource, new_limit, old_limit);
}
