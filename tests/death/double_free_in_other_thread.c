/*
 * Free again, in a thread that never allocated, what the main thread has freed.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

#include <pthread.h>

static void *free_it(void *payload)
{
    free(payload);
    return NULL;
}

int main(void)
{
    char *block[3];
    three_neighbours(block, 40);
    free(block[1]);
    announce(block[1]);
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_it, block[1]) == 0, "there is no second thread");
    pthread_join(thread, NULL);
    return not_stopped();
}
