/*
 * A thread that is to be cancelled frees a block twice: writing the report does not end it before the program is stopped.
 *
 * Expected: free\(ADDRESS\): double free: the block of [0-9]+ bytes is free already
 */
#include "misuse.h"

#include <pthread.h>

static void *free_twice(void *context)
{
    char *p = hide(malloc(40000));
    free(p);
    announce(p);
    pthread_cancel(pthread_self());
    free(p);
    return context;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, free_twice, NULL);
    pthread_join(thread, NULL);
    return not_stopped();
}
