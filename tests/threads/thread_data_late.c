/*
 * Destructors of thread-specific data that run after the library's own: the thread has no heap any
 * more, and its slabs are others', but it allocates small blocks of classes that were warm, frees
 * those it had before, and leaves some that another thread frees.
 */
#include "resident.h"

#include <limits.h>

enum { THREADS = 1000, BLOCKS = 120, ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS };

struct late {
    int round;
    struct stamped *before[BLOCKS]; /* from when the thread was alive */
    struct stamped *left[ROUNDS];
};

static pthread_key_t key;
static size_t rounds; /* atomic */

static void destroy(void *value)
{
    struct late *late = value;
    int round = late->round++;
    __atomic_fetch_add(&rounds, 1, __ATOMIC_RELAXED);
    for (int i = round; i < BLOCKS; i += ROUNDS) {
        free_stamped(late->before[i]);
    }
    struct stamped *table[40] = {NULL};
    for (int i = 0; i < 40; i++) {
        table[i] = new_stamped(64, (unsigned char)i);
    }
    table[0] = resize_stamped(table[0], 500);
    free_table(table, 40);
    late->left[round] = new_stamped(64, 9);
    if (late->round < ROUNDS) {
        pthread_setspecific(key, late);
    }
}

static void *run(void *context)
{
    struct late *late = context;
    for (int i = 0; i < BLOCKS; i++) {
        late->before[i] = new_stamped(64, (unsigned char)i);
    }
    pthread_setspecific(key, late);
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    require(pthread_key_create(&key, destroy) == 0, "a key"); /* later than the library's */
    static struct late late[4];
    size_t before = resident_bytes();
    for (int i = 0; i < THREADS; i += 4) {
        pthread_t threads[4];
        for (int j = 0; j < 4; j++) {
            late[j].round = 0;
            threads[j] = start_thread(run, &late[j]);
        }
        for (int j = 0; j < 4; j++) {
            pthread_join(threads[j], NULL);
            free_table(late[j].left, ROUNDS);
        }
    }
    require(rounds == (size_t)THREADS * ROUNDS, "every destructor ran in every round");
    require_growth(before, MIB, "after the threads");
    check_heap("after the threads");
    return 0;
}
