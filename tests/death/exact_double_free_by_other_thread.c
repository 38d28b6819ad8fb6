/*
 * Write over an object after another thread has freed it, and free it once more.
 *
 * Options: check=1
 * Expected: free\(ADDRESS\): double free: the block of 48 bytes is free already
 */
#include "misuse.h"

#include <pthread.h>

static void *free_it(void *object)
{
    free(object);
    return NULL;
}

int main(void)
{
    char *object[3];
    three_objects(object, 48);
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_it, object[1]) == 0, "no thread");
    pthread_join(thread, NULL);
    memset(object[1], 0, 48);
    announce(object[1]);
    free(object[1]);
    return not_stopped();
}
