/*
 * dlsym(RTLD_NEXT), remembered.
 */
#include "next.h"

#include <dlfcn.h>
#include <stddef.h>

void *next_function(void **cache, const char *name)
{
    void *found = __atomic_load_n(cache, __ATOMIC_ACQUIRE);
    if (found == NULL) {
        found = dlsym(RTLD_NEXT, name);
        __atomic_store_n(cache, found, __ATOMIC_RELEASE);
    }
    return found;
}
