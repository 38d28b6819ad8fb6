/*
 * Call stacks, by libc's backtrace().
 */
#include "check/stack.h"

#include "base/report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdbool.h>

/* What may lie between the program and stack_capture(). */
enum { OWN_DEPTH = 8 };

static bool has_started; /* atomic */
static const void *own_module;

static const void *module_of(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

/* The first call of backtrace() loads a library, which allocates. */
void stack_start(void)
{
    void *frames[1];
    own_module = module_of(__builtin_extract_return_addr(__builtin_return_address(0)));
    backtrace(frames, 1);
    __atomic_store_n(&has_started, true, __ATOMIC_RELEASE);
}

struct stack stack_capture(void)
{
    struct stack stack = {{NULL}};
    void *frames[OWN_DEPTH + STACK_DEPTH];
    if (!__atomic_load_n(&has_started, __ATOMIC_ACQUIRE)) {
        return stack;
    }
    int count = backtrace(frames, OWN_DEPTH + STACK_DEPTH);
    int first = 1;
    while (first < count && first < OWN_DEPTH && module_of(frames[first]) == own_module) {
        first++;
    }
    for (int i = 0; first + i < count && i < STACK_DEPTH; i++) {
        stack.frames[i] = frames[first + i];
    }
    return stack;
}

void stack_report(int fd, const struct stack *stack)
{
    for (int i = 0; i < STACK_DEPTH && stack->frames[i] != NULL; i++) {
        Dl_info info;
        const char *frame = stack->frames[i];
        if (dladdr(frame, &info) == 0 || info.dli_fname == NULL) {
            report_to(fd, "    #%d %p", i, (const void *)frame);
        } else {
            report_to(fd, "    #%d %p %s+%p %s", i, (const void *)frame, info.dli_fname,
                      (const void *)(frame - (const char *)info.dli_fbase),
                      info.dli_sname != NULL ? info.dli_sname : "");
        }
    }
}
