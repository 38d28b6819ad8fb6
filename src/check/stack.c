/*
 * Call stacks, by libc's backtrace().
 */
#include "check/stack.h"

#include "base/config.h"
#include "base/report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdint.h>
#include <string.h>

/* So many frames of this library may come first. */
enum { OWN_DEPTH = 8 };

/* The end of what this is linked into. */
extern MA_HIDDEN const char _end[];

static bool has_started; /* atomic */

/* Where this library lies, if it is one by itself; else nothing. Constant once `has_started`. */
static uintptr_t own_start;
static uintptr_t own_end;

static _Thread_local bool is_capturing;

/* The first call of backtrace() loads a library, which allocates. */
void stack_start(void)
{
    void *frames[1];
    Dl_info own;
    backtrace(frames, 1);
    if (dladdr((const void *)stack_start, &own) != 0 && strstr(own.dli_fname, ".so") != NULL) {
        own_start = (uintptr_t)own.dli_fbase;
        own_end = (uintptr_t)_end;
    }
    __atomic_store_n(&has_started, true, __ATOMIC_RELEASE);
}

bool stack_has_started(void)
{
    return __atomic_load_n(&has_started, __ATOMIC_ACQUIRE);
}

static bool is_own(const void *frame)
{
    return (uintptr_t)frame >= own_start && (uintptr_t)frame < own_end;
}

/* The unwinder finds modules without a lock from glibc 2.35 and gcc 12 on; but it is not made to be entered twice. */
struct stack stack_capture(void)
{
    struct stack stack = {{NULL}};
    void *frames[OWN_DEPTH + STACK_DEPTH];
    if (is_capturing || !stack_has_started()) {
        return stack;
    }
    is_capturing = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    int count = backtrace(frames, OWN_DEPTH + STACK_DEPTH);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    is_capturing = false;
    int first = 0;
    while (first < count && is_own(frames[first])) {
        first++;
    }
    for (int i = first; i < count && i - first < STACK_DEPTH; i++) {
        stack.frames[i - first] = frames[i];
    }
    return stack;
}

static void report_frame(int fd, int number, const char *frame)
{
    Dl_info info = {0};
    dladdr(frame, &info);
    if (info.dli_fname == NULL) {
        report_to(fd, "    #%d %p", number, (const void *)frame);
    } else {
        report_to(fd, "    #%d %p %s+%p %s", number, (const void *)frame, info.dli_fname,
                  (const void *)(frame - (const char *)info.dli_fbase),
                  info.dli_sname != NULL ? info.dli_sname : "");
    }
}

void stack_report(int fd, const struct stack *stack)
{
    for (int i = 0; i < STACK_DEPTH && stack->frames[i] != NULL; i++) {
        report_frame(fd, i, stack->frames[i]);
    }
}
