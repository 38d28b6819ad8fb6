/*
 * Call stacks, by libc's backtrace().
 */
#include "check/stack.h"

#include "base/report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdbool.h>
#include <string.h>

static bool has_started; /* atomic */

static _Thread_local bool is_capturing;

/* The first call of backtrace() loads a library, which allocates. */
void stack_start(void)
{
    void *frames[1];
    backtrace(frames, 1);
    __atomic_store_n(&has_started, true, __ATOMIC_RELEASE);
}

/* The unwinder finds modules without a lock from glibc 2.35 and gcc 12 on; but it is not made to be entered twice. */
struct stack stack_capture(void)
{
    struct stack stack = {{NULL}};
    if (!is_capturing && __atomic_load_n(&has_started, __ATOMIC_ACQUIRE)) {
        is_capturing = true;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        int count = backtrace(stack.frames, STACK_DEPTH);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        is_capturing = false;
        for (int i = count > 0 ? count : 0; i < STACK_DEPTH; i++) {
            stack.frames[i] = NULL;
        }
    }
    return stack;
}

/* Whether an address lies in the module of this function, and that is a library. */
static bool is_own(const Dl_info *info)
{
    Dl_info own;
    return dladdr((const void *)is_own, &own) != 0 && own.dli_fbase == info->dli_fbase &&
           strstr(own.dli_fname, ".so") != NULL;
}

static void report_frame(int fd, int number, const char *frame, const Dl_info *info)
{
    if (info->dli_fname == NULL) {
        report_to(fd, "    #%d %p", number, (const void *)frame);
    } else {
        report_to(fd, "    #%d %p %s+%p %s", number, (const void *)frame, info->dli_fname,
                  (const void *)(frame - (const char *)info->dli_fbase),
                  info->dli_sname != NULL ? info->dli_sname : "");
    }
}

void stack_report(int fd, const struct stack *stack)
{
    int number = 0;
    for (int i = 0; i < STACK_DEPTH && stack->frames[i] != NULL; i++) {
        Dl_info info = {0};
        dladdr(stack->frames[i], &info);
        if (number > 0 || !is_own(&info)) {
            report_frame(fd, number++, stack->frames[i], &info);
        }
    }
}
