/*
 * Free an address in the middle of an object of another thread's slab.
 *
 * Expected: free\(ADDRESS\): no block begins there: it is inside one of 48 bytes, or between blocks
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
    announce(object[1] + 32);
    free_elsewhere(object[1] + 32);
    return not_stopped();
}
