/*
 * Payloads of other allocators go to the next one in the search order.
 */
#include "api/foreign.h"

#include "api/heap.h"
#include "base/config.h"
#include "base/report.h"
#include "next.h"

#include <stdint.h>

/* The next `name`; aborts with a report where nobody can own `payload`. */
static void *next_owner(void **cache, const char *name, const void *payload)
{
    if (heap_was_given_back(payload)) {
        report_fatal("%s(%p): the block was released, and its memory given back to the system",
                     name, payload);
    }
    void *function = (uintptr_t)payload % MA_ALIGNMENT == 0 ? next_function(cache, name) : NULL;
    if (function == NULL) {
        report_fatal("%s(%p): the address was never allocated", name, payload);
    }
    return function;
}

void foreign_free(void *payload)
{
    static void *cache;
    void (*next)(void *) = (void (*)(void *))next_owner(&cache, "free", payload);
    next(payload);
}

void *foreign_realloc(void *payload, size_t size)
{
    static void *cache;
    void *(*next)(void *, size_t) =
        (void *(*)(void *, size_t))next_owner(&cache, "realloc", payload);
    return next(payload, size);
}

size_t foreign_usable_size(const void *payload)
{
    static void *cache;
    size_t (*next)(const void *) =
        (size_t(*)(const void *))next_owner(&cache, "malloc_usable_size", payload);
    return next(payload);
}
