/*
 * A thread that first asks for memory when the last of its destructors run: the library hears nothing of its end, and the thread's
 * memory goes with its stack. What it has left is freed by others, who then look for what threads have that do not.
 */
#include "common.h"

#include <limits.h>
#include <malloc.h>
#include <sys/mman.h>

enum { STACK_BYTES = 256 << 10, BLOCKS = 4000 };

static pthread_key_t key;
static int round_number;
static struct stamped *left[BLOCKS];

static void destroy(void *value)
{
    if (++round_number < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(key, value);
        return;
    }
    for (int i = 0; i < BLOCKS; i++) {
        left[i] = new_stamped(64, (unsigned char)i);
    }
}

static void *run(void *context)
{
    pthread_setspecific(key, context);
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    require(pthread_key_create(&key, destroy) == 0, "a key"); /* later than the library's */
    void *stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    require(pthread_attr_init(&attributes) == 0, "attributes");
    require(pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0, "a stack of our own");
    pthread_t thread;
    require(pthread_create(&thread, &attributes, run, left) == 0, "a thread");
    require(pthread_join(thread, NULL) == 0, "its end");
    require(left[BLOCKS - 1] != NULL, "the last destructor has run");
    require(munmap(stack, STACK_BYTES) == 0, "the stack goes");
    for (int i = 0; i < BLOCKS; i++) {
        free_stamped(left[i]);
    }
    malloc_trim(0);
    check_heap("at the end");
    return 0;
}
