/*
 * What fork handlers are for: a module takes its mutex in the prepare handler, so that the child
 * finds it in order. Its threads allocate while they hold it. The handlers are registered before
 * the program's first allocation, so the allocator's prepare handler may run before this one: it
 * must not make those threads wait for ever.
 */
#include "common.h"

enum { FORKS = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int stop; /* atomic */

static void lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

static __attribute__((constructor)) void register_early(void)
{
    pthread_atfork(lock, unlock, unlock);
}

static void *run(void *context)
{
    struct stamped *table[20] = {NULL};
    uint64_t random = (uint64_t)(intptr_t)context;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        lock();
        churn(table, 20, &random, 100);
        unlock();
        usleep(10); /* mutexes are not fair */
    }
    free_table(table, 20);
    return NULL;
}

int main(void)
{
    alarm(10);
    require_library();
    pthread_t threads[2];
    for (intptr_t i = 0; i < 2; i++) {
        threads[i] = start_thread(run, (void *)(i + 1));
    }
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            child_begins();
            lock();
            free_stamped(new_stamped(100, 5));
            unlock();
            _exit(0);
        }
        await_child(child);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    check_heap("in the parent");
    printf("%d forks with a module's mutex held\n", FORKS);
    return 0;
}
