/*
 * A thread asks for memory in the last round of its destructors, so that nobody hears of the end of its heap, and its stack, with its
 * thread-local variables, becomes memory without access: who looks for what idle threads have cached does not touch that.
 */
#include "common.h"

#include <limits.h>
#include <malloc.h>
#include <sys/mman.h>

enum { STACK_BYTES = 1 << 20 };

static pthread_key_t key;

static void destroy(void *round)
{
    if ((long)round < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(key, (void *)((long)round + 1));
    } else {
        free(malloc(5000));
    }
}

static void *short_life(void *context)
{
    pthread_setspecific(key, (void *)1);
    return context;
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_key_create(&key, destroy);
    free(malloc(5000));
    void *stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(stack != MAP_FAILED, "there is memory for a stack");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, STACK_BYTES);
    pthread_t thread;
    require(pthread_create(&thread, &attributes, short_life, NULL) == 0, "a thread starts");
    pthread_join(thread, NULL);
    mprotect(stack, STACK_BYTES, PROT_NONE);
    malloc_trim(0);
    check_heap("at the end");
    return 0;
}
