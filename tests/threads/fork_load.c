/*
 * The main thread forks while others are inside the allocator. Each child uses the heap, checks
 * it, and forks again; blocks of threads that it does not have are there still.
 */
#include "common.h"

enum { FORKS = 120, TABLE = 100 };

static struct stamped *table[TABLE];

static void use_heap(uint64_t seed)
{
    check_heap("in a child");
    churn(table, TABLE, &seed, 300);
    check_heap("in a child that has used the heap");
}

static __attribute__((noreturn)) void be_child(uint64_t seed)
{
    child_begins();
    use_heap(seed);
    if (seed % 8 == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            child_begins();
            use_heap(seed + 1);
            free_table(table, TABLE);
            check_heap("in a grandchild");
            _exit(0);
        }
        await_child(grandchild);
    }
    if (seed % 8 == 1) { /* a child may have threads of its own */
        struct load load;
        start_load(&load, 2);
        use_heap(seed);
        stop_load(&load);
    }
    free_table(table, TABLE);
    _exit(0);
}

int main(void)
{
    be_impatient();
    require_library();
    struct load load;
    uint64_t random = 1;
    start_load(&load, 3);
    for (uint64_t i = 0; i < FORKS; i++) {
        churn(table, TABLE, &random, 100);
        pid_t child = fork();
        if (child == 0) {
            be_child(i);
        }
        churn(table, TABLE, &random, 100);
        await_child(child);
    }
    stop_load(&load);
    free_table(table, TABLE);
    check_heap("in the parent");
    printf("%d forks under load\n", FORKS);
    return 0;
}
