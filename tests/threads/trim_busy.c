/*
 * malloc_trim(0) takes what other threads have cached while those go in and out of the allocator, sleep, or end. None of them
 * may find its blocks changed, and no block may be lost.
 */
#include "common.h"

#include <malloc.h>
#include <time.h>

enum { BUSY = 2, SLEEPERS = 3, SPAWNERS = 2, SECONDS = 2, TABLE = 100 };

static int stop; /* atomic */

/* Mostly of medium size, which is what is cached. */
static size_t size_of(uint64_t *random)
{
    return 1 + random_below(random, random_below(random, 3) == 0 ? 200 : 20000);
}

static void turn(struct stamped **table, uint64_t *random, int count)
{
    for (int i = 0; i < count; i++) {
        struct stamped **slot = &table[random_below(random, TABLE)];
        free_stamped(*slot);
        *slot =
            random_below(random, 2) == 0 ? NULL : new_stamped(size_of(random), (unsigned char)i);
    }
}

static void *run_busy(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = (uintptr_t)context + 1;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        turn(table, &random, 1000);
    }
    free_table(table, TABLE);
    return NULL;
}

static void *run_sleeper(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = (uintptr_t)context + 1;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        turn(table, &random, 200);
        nanosleep(&(struct timespec){.tv_nsec = (long)random_below(&random, 3000000)}, NULL);
    }
    free_table(table, TABLE);
    return NULL;
}

static void *run_short(void *context)
{
    struct stamped *table[TABLE] = {NULL};
    uint64_t random = (uintptr_t)context;
    turn(table, &random, 200);
    free_table(table, TABLE);
    return NULL;
}

static void *run_spawner(void *context)
{
    for (uintptr_t i = 1; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
        pthread_join(start_thread(run_short, (void *)i), NULL);
    }
    return context;
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_t threads[BUSY + SLEEPERS + SPAWNERS];
    for (int i = 0; i < BUSY + SLEEPERS + SPAWNERS; i++) {
        void *(*run)(void *) = i < BUSY              ? run_busy
                               : i < BUSY + SLEEPERS ? run_sleeper
                                                     : run_spawner;
        threads[i] = start_thread(run, (void *)(intptr_t)i);
    }
    time_t end = time(NULL) + SECONDS;
    int turns = 0;
    for (; time(NULL) <= end; turns++) {
        malloc_trim(0);
        if (turns % 50 == 0) {
            check_heap("amid the trims");
        }
    }
    require(turns > 10, "malloc_trim() does not take for ever");
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < BUSY + SLEEPERS + SPAWNERS; i++) {
        pthread_join(threads[i], NULL);
    }
    check_heap("after the trims");
    return 0;
}
