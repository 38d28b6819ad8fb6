/*
 * Where nothing is interposed, a payload that is not ours is an error.
 */
#include "api/foreign.h"

#include "base/report.h"

static __attribute__((noreturn)) void refuse(const char *caller, const void *payload)
{
    report_fatal("%s(%p): the address was never allocated here", caller, payload);
}

void foreign_free(void *payload)
{
    refuse("free", payload);
}

void *foreign_realloc(void *payload, size_t size)
{
    (void)size;
    refuse("realloc", payload);
}

size_t foreign_usable_size(const void *payload)
{
    refuse("malloc_usable_size", payload);
}
