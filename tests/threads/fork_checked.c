/*
 * The main thread forks while others pass blocks through the quarantine (check=2). In each child what is freed is not used again at once
 * still.
 */
#include "common.h"

enum { FORKS = 200, THREADS = 2, SIZE = 100, TRIES = 20 };

static int is_over; /* atomic */

static void *allocate_and_free(void *context)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        free_stamped(new_stamped(SIZE, 7));
    }
    return context;
}

static __attribute__((noreturn)) void be_child(void)
{
    child_begins();
    for (int i = 0; i < TRIES; i++) {
        struct stamped *block = new_stamped(SIZE, (unsigned char)i);
        uintptr_t address = (uintptr_t)block;
        free_stamped(block);
        block = new_stamped(SIZE, (unsigned char)i);
        require((uintptr_t)block != address, "a freed block waits in the quarantine");
        free_stamped(block);
    }
    check_heap("in a child");
    _exit(0);
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(allocate_and_free, NULL);
    }
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            be_child();
        }
        await_child(child);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    check_heap("in the parent");
    printf("%d forks amid the quarantine\n", FORKS);
    return 0;
}
