/*
 * The main thread forks while another takes slabs into use again whose pages it had given back. In each child all objects that are
 * handed out are distinct.
 */
#include "common.h"

#include <malloc.h>
#include <time.h>

enum { FORKS = 100, SIZE = 32, COUNT = 8000, STAY = 1000, CHILD_COUNT = 20000 };

static int is_over; /* atomic */

/* One object in STAY keeps its page. */
static void *make_sparse_again_and_again(void *context)
{
    static struct stamped *table[COUNT];
    (void)context;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        for (size_t i = 0; i < COUNT; i++) {
            table[i] = table[i] != NULL ? table[i] : new_stamped(SIZE, (unsigned char)i);
        }
        for (size_t i = 0; i < COUNT; i++) {
            if (i % STAY != 0) {
                free_stamped(table[i]);
                table[i] = NULL;
            }
        }
        malloc_trim(0);
    }
    free_table(table, COUNT);
    return NULL;
}

static __attribute__((noreturn)) void be_child(void)
{
    static struct stamped *table[CHILD_COUNT];
    child_begins();
    for (size_t i = 0; i < CHILD_COUNT; i++) {
        table[i] = new_stamped(SIZE, (unsigned char)(i % 251));
    }
    free_table(table, CHILD_COUNT);
    check_heap("in a child");
    _exit(0);
}

int main(void)
{
    be_impatient();
    require_library();
    uint64_t random = 1;
    pthread_t thread = start_thread(make_sparse_again_and_again, NULL);
    for (int i = 0; i < FORKS; i++) {
        struct timespec pause = {0, (long)random_below(&random, 3000000)};
        nanosleep(&pause, NULL);
        pid_t child = fork();
        if (child == 0) {
            be_child();
        }
        await_child(child);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    check_heap("in the parent");
    printf("%d forks while slabs come to use again\n", FORKS);
    return 0;
}
