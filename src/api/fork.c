/*
 * The handlers of fork().
 *
 * Prepare handlers run last-registered first, so that those of other libraries
 * run before or after ours. They may allocate: the locks are lent to the forking
 * thread, which goes on using the heap, while all others wait.
 */
#include "api/fork.h"

#include "api/heap.h"

#include <pthread.h>

void fork_start(void)
{
    pthread_atfork(heap_lend, heap_take_back, heap_take_back);
}
