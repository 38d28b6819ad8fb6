/*
 * posix_spawn, and vfork with exec, in a loop while other threads are inside the allocator. The
 * new program is this one, which allocates at once.
 */
#include "common.h"

#include <spawn.h>

enum { TURNS = 80, TABLE = 30 };

extern char **environ;

static char *child_arguments[] = {"spawn", "child", NULL};

static pid_t by_spawn(void)
{
    pid_t child = -1;
    int error = posix_spawn(&child, "/proc/self/exe", NULL, NULL, child_arguments, environ);
    require(error == 0, "posix_spawn");
    return child;
}

static pid_t by_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        execve("/proc/self/exe", child_arguments, environ);
        _exit(3);
    }
    return child;
}

static void *run(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = (uint64_t)(intptr_t)context;
    for (int i = 0; i < TURNS; i++) {
        churn(table, TABLE, &random, 100);
        await_child(i % 2 == 0 ? by_spawn() : by_vfork());
    }
    free_table(table, TABLE);
    return NULL;
}

static int be_child(void)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = 1;
    require_library();
    churn(table, TABLE, &random, 200);
    free_table(table, TABLE);
    check_heap("in the new program");
    return 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    be_impatient();
    if (argc > 1) {
        return be_child();
    }
    require_library();
    struct load load;
    start_load(&load, 2);
    pthread_t other = start_thread(run, (void *)1);
    run((void *)2);
    pthread_join(other, NULL);
    stop_load(&load);
    check_heap("in the parent");
    printf("%d programs started\n", 2 * TURNS);
    return 0;
}
