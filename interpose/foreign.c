/*
 * Payloads of other allocators go to the next one in the search order.
 */
#include "api/foreign.h"

#include "api/heap.h"
#include "base/config.h"
#include "base/report.h"
#include "dlopen.h"
#include "next.h"
#include "os/os.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/auxv.h>

/* The kernel keeps at least twice so much free of mappings below the main thread's stack. */
enum { STACK_SIZE = 64 << 20 };

/* The end of the main thread's stack. */
extern void *__libc_stack_end;

/* Whether the calling thread runs on the main thread's stack, and the address lies in a frame there. Where other stacks end
 * is not known: what is next to them may be another's payload. */
static __attribute__((noinline)) bool is_on_stack(const void *payload)
{
    uintptr_t pointer = (uintptr_t)__builtin_frame_address(0);
    uintptr_t end = (uintptr_t)__libc_stack_end;
    return pointer < end && end - pointer < STACK_SIZE && (uintptr_t)payload > pointer &&
           (uintptr_t)payload < end;
}

/* Whether the address lies in the program's own code or data. Not asked of the dynamic loader, which may be locked by who waits for
 * this thread. */
static bool is_in_program(const void *payload)
{
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count =
        getauxval(AT_BASE) != 0 ? getauxval(AT_PHNUM) : 0; /* 0: the loader is the program */
    uintptr_t bias = 0;
    for (size_t i = 0; i < count; i++) {
        bias = headers[i].p_type == PT_PHDR ? (uintptr_t)headers - headers[i].p_vaddr : bias;
    }
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_LOAD &&
            (uintptr_t)payload - (bias + headers[i].p_vaddr) < headers[i].p_memsz) {
            return true;
        }
    }
    return false;
}

/* Whether the word before `payload` can be read. */
static bool has_header(const void *payload)
{
    return os_is_mapped((const char *)payload - sizeof(size_t));
}

/* Whether both lie in the same module. */
static bool are_of_one_module(const void *left, const void *right)
{
    Dl_info a;
    Dl_info b;
    return left != NULL && right != NULL && dladdr(left, &a) != 0 && dladdr(right, &b) != 0 &&
           a.dli_fbase == b.dli_fbase;
}

/* Whether the next allocator says that it holds no memory at all, as glibc's does: nobody has ever called it, as we are called in its place,
 * and there is no other copy of it whose payloads it might take. */
static bool is_next_unused(void)
{
    static void *free_cache;
    static void *mallinfo2_cache;
    void *figures = next_function(&mallinfo2_cache, "mallinfo2");
    if (!are_of_one_module(next_function(&free_cache, "free"), figures) ||
        __atomic_load_n(&dlopen_left_base, __ATOMIC_RELAXED)) {
        return false;
    }
    struct mallinfo2 info = ((struct mallinfo2(*)(void))figures)();
    return info.arena == 0 && info.hblkhd == 0;
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
    if (is_in_program(payload)) {
        report_fatal("%s(%p): the address was never allocated: it lies in the program's data", name,
                     payload);
    }
    if (!os_is_mapped(payload)) {
        report_fatal("%s(%p): the address was never allocated: there is no memory", name, payload);
    }
    if (!has_header(payload) || is_next_unused()) {
        report_fatal("%s(%p): the address was never allocated", name, payload);
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
