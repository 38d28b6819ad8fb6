/*
 * A thread takes back what idle threads have cached, and handlers interrupt it and those: one that has interrupted the core does not wait for
 * the other thread, whose own handler may wait for that core.
 */
#include "signal_timer.h"

#include <malloc.h>

enum { BLOCKS = 256, SIGNALS = 40000 };

static _Thread_local size_t asked_for; /* by this thread's handlers; bytes */
static int is_over;                    /* atomic */
static int served;                     /* atomic; handlers that came to their end */

static void on_signal(int signal_number)
{
    (void)signal_number;
    free(malloc(asked_for));
    __atomic_fetch_add(&served, 1, __ATOMIC_RELAXED);
}

/* What is not cached is asked of the core, outside of the front. */
static void *use_core(void *context)
{
    static void *blocks[BLOCKS];
    free(malloc(5000));
    asked_for = 5000;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(300000 + (size_t)i * 4096);
        }
        for (int i = 0; i < BLOCKS; i++) {
            free(blocks[i]);
        }
    }
    return context;
}

static void *trim(void *context)
{
    free(malloc(5000));
    asked_for = 400000;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        malloc_trim(0);
    }
    return context;
}

int main(void)
{
    be_impatient();
    require_library();
    handle(SIGUSR1, on_signal);
    pthread_t threads[2] = {start_thread(use_core, NULL), start_thread(trim, NULL)};
    for (int i = 0; i < SIGNALS; i++) {
        pthread_kill(threads[i % 2], SIGUSR1);
        usleep(i % 2 == 0 ? 40 : 120);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    check_heap("at the end");
    printf("%d handlers served\n", served);
    return 0;
}
