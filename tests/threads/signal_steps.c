/*
 * A signal handler that allocates and frees comes at the instructions of a thread's first malloc and free in turn.
 *
 * The processor's trap flag makes a signal of each instruction; the handler does its work at one of them, and takes the flag off. Then
 * the heap must be sound, and the thread's cache must have gone back at its end: that of a second heap, if it made one, would not.
 */
#include "common.h"

#include "ma.h"

#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <ucontext.h>

#pragma weak ma_stats

#ifdef __x86_64__

enum { TRAP_FLAG = 0x100 };

/* Up to here each step has its turn, later one in so many: each thread takes longer to get there. */
enum { DENSE = 150, STRIDE = 11, STEPS_MAX = 2000 };

static _Thread_local long step;
static long strike; /* the step at which the handler allocates */
static long last;   /* steps that the thread which has just ended has seen */

static void on_trap(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (++step == strike) {
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
        void *block = malloc(2000);
        void *object = malloc(40);
        require(block != NULL && object != NULL, "the handler gets memory");
        free(block);
        free(object);
    }
}

/* The red zone below the stack pointer is left alone. */
static inline __attribute__((always_inline)) void trap_each_step(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp" ::
                         : "memory", "cc");
}

static inline __attribute__((always_inline)) void trap_no_more(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp" ::
                         : "memory", "cc");
}

static void *run(void *size)
{
    step = 0;
    trap_each_step();
    free(malloc((size_t)size));
    trap_no_more();
    last = step;
    return NULL;
}

static void strike_at_the_steps(size_t size)
{
    struct ma_stats stats;
    last = LONG_MAX;
    for (strike = 1; last >= strike - STRIDE && strike < STEPS_MAX;
         strike += strike < DENSE ? 1 : STRIDE) {
        pthread_t thread;
        require(pthread_create(&thread, NULL, run, (void *)size) == 0, "there is a thread");
        pthread_join(thread, NULL);
        malloc_trim(0); /* the next thread begins with nothing, too */
        ma_stats(&stats);
        require(stats.cached_bytes == 0, "no cache of a thread is left");
    }
    check_heap("after the threads");
    printf("%zu bytes: %ld steps\n", size, strike);
}

int main(void)
{
    be_impatient();
    require_library();
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_NODEFER | SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    strike_at_the_steps(24);
    strike_at_the_steps(3000);
    return 0;
}

#else

int main(void)
{
    return 0; /* no other processor lets a program set the flag */
}

#endif
