/*
 * RTLD_DEEPBIND would give a library libc's malloc and our free: it is taken out.
 *
 * The real dlopen searches the RUNPATH of whoever its return address belongs to, so
 * it must see our caller's: it is reached by a tail jump, which is why this file is
 * always compiled with optimisation.
 */
#include "base/options.h"
#include "next.h"

#include <dlfcn.h>
#include <stdlib.h>

typedef void *dlopen_function(const char *file, int mode);

static __attribute__((noinline)) dlopen_function *next_dlopen(void)
{
    static void *cache;
    void *found = next_function(&cache, "dlopen");
    if (found == NULL) {
        abort();
    }
    return (dlopen_function *)found;
}

void *dlopen(const char *file, int mode)
{
    dlopen_function *next = next_dlopen();
    return next(file, options.deepbind != 0 ? mode : mode & ~RTLD_DEEPBIND);
}
