/*
 * Free what a second thread has freed, and passed back as it ended.
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

static void free_elsewhere(void *payload)
{
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_it, payload) == 0, "there is no second thread");
    pthread_join(thread, NULL);
}

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    free_elsewhere(object[1]);
    announce(object[1]);
    free(object[1]);
    return not_stopped();
}
