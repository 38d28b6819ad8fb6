/*
 * RTLD_DEEPBIND would give a library libc's malloc and our free: it is taken out.
 *
 * The real ones search the RUNPATH of whoever their return address belongs to, so
 * they must see our caller's: they are reached by a tail jump, which is why this file is
 * always compiled with optimisation.
 */
#include "dlopen.h"

#include "base/options.h"
#include "next.h"

#include <dlfcn.h>
#include <stdlib.h>

typedef void *dlopen_function(const char *file, int mode);
typedef void *dlmopen_function(Lmid_t namespace, const char *file, int mode);

bool dlopen_left_base;

static __attribute__((noinline)) void *next_of_all(void **cache, const char *name)
{
    void *found = next_function(cache, name);
    if (found == NULL) {
        abort();
    }
    return found;
}

static int without_deepbind(int mode)
{
    return options.deepbind != 0 ? mode : mode & ~RTLD_DEEPBIND;
}

void *dlopen(const char *file, int mode)
{
    static void *cache;
    dlopen_function *next = (dlopen_function *)next_of_all(&cache, "dlopen");
    return next(file, without_deepbind(mode));
}

/* In a namespace of its own a library has a libc of its own, and shares no heap. */
void *dlmopen(Lmid_t namespace, const char *file, int mode)
{
    static void *cache;
    dlmopen_function *next = (dlmopen_function *)next_of_all(&cache, "dlmopen");
    if (namespace == LM_ID_BASE) {
        return next(namespace, file, without_deepbind(mode));
    }
    __atomic_store_n(&dlopen_left_base, true, __ATOMIC_RELAXED);
    return next(namespace, file, mode);
}
