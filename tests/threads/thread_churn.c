/*
 * Many threads, ten thousand unless said otherwise, come and go, a few at a time. Each allocates, frees, and leaves some
 * blocks that a later thread verifies and frees.
 */
#include "common.h"

enum { AT_ONCE = 16, LEFT = 4, BLOCKS = 30 };

static intptr_t thread_count = 10000;
static struct stamped *left[AT_ONCE][LEFT];

static void *run(void *context)
{
    int number = (int)(intptr_t)context;
    struct stamped **mine = left[number % AT_ONCE];
    struct stamped *table[BLOCKS] = {NULL};
    uint64_t random = (uint64_t)number;
    churn(table, BLOCKS, &random, 2 * BLOCKS);
    free_table(mine, LEFT);
    for (int i = 0; i < LEFT; i++) {
        mine[i] = new_stamped(random_size(&random), (unsigned char)number);
    }
    free_table(table, BLOCKS);
    return NULL;
}

int main(int argc, char **argv)
{
    be_impatient();
    require_library();
    thread_count = argc > 1 ? atoi(argv[1]) : thread_count;
    pthread_t threads[AT_ONCE];
    for (intptr_t i = 0; i < thread_count; i++) {
        if (i >= AT_ONCE) {
            pthread_join(threads[i % AT_ONCE], NULL);
        }
        threads[i % AT_ONCE] = start_thread(run, (void *)i);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(threads[i], NULL);
        free_table(left[i], LEFT);
    }
    check_heap("after the threads");
    printf("%ld threads came and went\n", (long)thread_count);
    return 0;
}
