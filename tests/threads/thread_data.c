/*
 * Destructors of thread-specific data allocate and free, and set their keys again, so that they
 * run several rounds: at a time when other parts of the thread are gone already.
 */
#include "common.h"

#include <limits.h>

enum { THREADS = 600, KEYS = 3, ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS };

static pthread_key_t keys[KEYS];
static int destroyed; /* atomic */

/* The stamp counts the rounds. */
static void destroy(void *value)
{
    struct stamped *block = value;
    int round = block->stamp + 1;
    struct stamped *table[20] = {NULL};
    uint64_t random = (uintptr_t)value;
    churn(table, 20, &random, 40);
    free_table(table, 20);
    size_t key = block->size % KEYS;
    free_stamped(block);
    __atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
    if (round < ROUNDS) {
        pthread_setspecific(keys[key], new_stamped(999 + key, (unsigned char)round));
    }
}

static void *run(void *context)
{
    for (size_t key = 0; key < KEYS; key++) {
        pthread_setspecific(keys[key], new_stamped(999 + key, 0));
    }
    free(strdup(context));
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    for (int i = 0; i < KEYS; i++) {
        require(pthread_key_create(&keys[i], destroy) == 0, "a key");
    }
    for (int i = 0; i < THREADS; i += 4) {
        pthread_t threads[4];
        for (int j = 0; j < 4; j++) {
            threads[j] = start_thread(run, "a thread");
        }
        for (int j = 0; j < 4; j++) {
            pthread_join(threads[j], NULL);
        }
    }
    check_heap("after the threads");
    printf("%d destructors ran in %d threads\n", destroyed, THREADS);
    require(destroyed == THREADS * KEYS * ROUNDS, "every destructor ran in every round");
    return 0;
}
