/*
 * Free an object of a slab whose thread has ended twice.
 *
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

#include <pthread.h>

static void *allocate(void *context)
{
    char *object[3];
    (void)context;
    three_objects(object, 48);
    return object[1];
}

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    pthread_t thread;
    void *orphan;
    require(pthread_create(&thread, NULL, allocate, NULL) == 0, "there is no second thread");
    pthread_join(thread, &orphan);
    free(orphan);
    announce(orphan);
    free(orphan);
    return not_stopped();
}
