/*
 * Exit handlers and destructors allocate and free, while other threads go on using the heap. The
 * last of them tells the parent that all has run.
 */
#include "common.h"

enum { ROUNDS = 30, TABLE = 20 };

static struct stamped *table[TABLE];
static int report[2];
static int handlers_run;

static void at_exit(void)
{
    uint64_t random = 9;
    churn(table, TABLE, &random, 200);
    handlers_run++;
}

static __attribute__((destructor)) void at_end(void)
{
    uint64_t random = 10;
    churn(table, TABLE, &random, 200);
    free_table(table, TABLE);
    check_heap("in a destructor");
    if (handlers_run > 0) {
        char count = (char)handlers_run;
        require(write(report[1], &count, 1) == 1, "the parent hears of the destructor");
    }
}

static void run_and_exit(void)
{
    child_begins();
    struct load load;
    start_load(&load, 2); /* never stopped */
    atexit(at_exit);
    atexit(at_exit);
    on_exit((void (*)(int, void *))(void (*)(void))at_exit, NULL);
    exit(0);
}

int main(void)
{
    be_impatient();
    require_library();
    for (int i = 0; i < ROUNDS; i++) {
        require(pipe(report) == 0, "a pipe");
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run_and_exit();
        }
        await_child(child);
        close(report[1]);
        char count = 0;
        require(read(report[0], &count, 1) == 1 && count == 3, "all exit handlers ran");
        close(report[0]);
    }
    printf("%d programs that allocate on their way out\n", ROUNDS);
    return 0;
}
