#include "threads.h"
#include "common.h"

static void start(pthread_t *thread, void *(*body)(void *), void *argument)
{
    if (pthread_create(thread, NULL, body, argument) != 0) {
        out_of_memory();
    }
}

void run_threads(size_t count, void *(*body)(void *), void *arguments, size_t argument_size)
{
    pthread_t threads[THREAD_COUNT_MAX];
    for (size_t i = 0; i < count; i++) {
        start(&threads[i], body, (char *)arguments + i * argument_size);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

void start_detached(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    start(&thread, body, argument);
    pthread_detach(thread);
}
