/*
 * A thread frees an object of another's slab twice, while it holds it back.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

#include <pthread.h>

static void *free_twice(void *payload)
{
    free(payload);
    announce(payload);
    free(payload);
    return NULL;
}

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_twice, object[1]) == 0, "there is no second thread");
    pthread_join(thread, NULL);
    return not_stopped();
}
