/*
 * Payloads of other allocators go to the next one in the search order.
 */
#include "api/foreign.h"

#include "api/heap.h"
#include "base/config.h"
#include "base/report.h"
#include "next.h"
#include "os/os.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

/* So far above the stack pointer an address is surely of this stack: others' stacks and mappings may follow it. */
enum { FRAMES_SIZE = 16 << 10 };

static __attribute__((noinline)) bool is_on_stack(const void *payload)
{
    uintptr_t pointer = (uintptr_t)__builtin_frame_address(0);
    return (uintptr_t)payload - pointer < FRAMES_SIZE;
}

/* The program or library whose code or data an address lies in; NULL: none. What the dynamic loader has at hand before there is any
 * malloc lies in its own data. */
static const char *module_of(const void *payload)
{
    Dl_info info;
    bool is_in_module = dladdr(payload, &info) != 0 && info.dli_fname != NULL;
    return is_in_module && strstr(info.dli_fname, "ld-linux") == NULL ? info.dli_fname : NULL;
}

/* Abort where nobody can have allocated `payload`. */
static void refuse_impossible(const char *name, const void *payload)
{
    if (heap_was_given_back(payload)) {
        report_fatal("%s(%p): the block was released, and its memory given back to the system",
                     name, payload);
    }
    if (is_on_stack(payload)) {
        report_fatal("%s(%p): the address was never allocated: it lies on the stack", name,
                     payload);
    }
    const char *module = module_of(payload);
    if (module != NULL) {
        report_fatal("%s(%p): the address was never allocated: it lies in %s", name, payload,
                     module);
    }
    if (!os_is_readable(payload)) {
        report_fatal("%s(%p): the address was never allocated: there is no memory", name, payload);
    }
}

/* The next `name`; aborts with a report where nobody can own `payload`. */
static void *next_owner(void **cache, const char *name, const void *payload)
{
    refuse_impossible(name, payload);
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
