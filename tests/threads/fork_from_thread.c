/*
 * Several threads fork at once, each with its own children, while others are inside the
 * allocator. In the child, the forking thread is the only one.
 */
#include "common.h"

enum { THREADS = 3, FORKS = 100, TABLE = 50 };

static void *run(void *context)
{
    uint64_t random = (uint64_t)(intptr_t)context;
    struct stamped *table[TABLE] = {NULL};
    for (int i = 0; i < FORKS; i++) {
        churn(table, TABLE, &random, 100);
        pid_t child = fork();
        if (child == 0) {
            child_begins();
            churn(table, TABLE, &random, 200);
            free_table(table, TABLE);
            check_heap("in a child of a thread");
            _exit(0);
        }
        await_child(child);
    }
    free_table(table, TABLE);
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    struct load load;
    start_load(&load, 2);
    run_at_once(run, THREADS, 1);
    stop_load(&load);
    check_heap("in the parent");
    printf("%d forks from %d threads\n", THREADS * FORKS, THREADS);
    return 0;
}
