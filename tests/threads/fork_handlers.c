/*
 * The program's own fork handlers allocate and free, while other threads are inside the
 * allocator. Some are registered before the program's first allocation, some after.
 */
#include "common.h"

enum { FORKS = 120, TABLE = 20 };

static struct stamped *table[TABLE];
static uint64_t random_state = 7;
static struct stamped *from_prepare;
static int prepared, parents, children;

static void prepare(void)
{
    prepared++;
    churn(table, TABLE, &random_state, 50);
    from_prepare = new_stamped(5000, 0x17);
}

static void in_parent(void)
{
    parents++;
    free_stamped(from_prepare);
    churn(table, TABLE, &random_state, 50);
}

static void in_child(void)
{
    child_begins();
    children++;
    free_stamped(from_prepare);
    churn(table, TABLE, &random_state, 50);
}

static void prepare_late(void)
{
    free_stamped(new_stamped(70000, 1));
    churn(table, TABLE, &random_state, 10);
}

static __attribute__((constructor)) void register_early(void)
{
    pthread_atfork(prepare, in_parent, in_child);
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_atfork(prepare_late, prepare_late, prepare_late);
    struct load load;
    start_load(&load, 3);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            churn(table, TABLE, &random_state, 100);
            free_table(table, TABLE);
            check_heap("in a child");
            _exit(children == 1 ? 0 : 1);
        }
        await_child(child);
    }
    stop_load(&load);
    free_table(table, TABLE);
    check_heap("in the parent");
    require(prepared == FORKS && parents == FORKS && children == 0, "all handlers ran");
    printf("%d forks with handlers that allocate\n", FORKS);
    return 0;
}
