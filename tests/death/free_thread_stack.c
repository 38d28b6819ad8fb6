/*
 * Free memory on the stack of a thread that is not the first.
 *
 * Expected: free\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

#include <pthread.h>

static void *free_local(void *unused)
{
    (void)unused;
    _Alignas(16) char local[64];
    smash(local, sizeof(local));
    announce(local + 32);
    free(hide(local + 32));
    return NULL;
}

int main(void)
{
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_local, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
    return not_stopped();
}
