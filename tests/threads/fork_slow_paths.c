/*
 * fork() while another thread stands still somewhere in the allocator: the child, in which that thread is
 * not there any more, can use all of the heap, and free what the thread had allocated.
 *
 * The other thread repeats what leads to one slow path. A signal stops it where it is for a moment, in which
 * the main thread forks; where it is inside a lock, fork() waits.
 */
#include "signal_timer.h"

#include <malloc.h>

enum { FORKS = 20, BATCH = 1500, SHARED = 64 };

static struct stamped *shared[SHARED]; /* atomic */
static int is_over;                    /* atomic */
static int is_still;                   /* atomic; the thread has been stopped and stands still */

static void publish(uint64_t *random, struct stamped *block)
{
    struct stamped **slot = &shared[random_below(random, SHARED)];
    free_stamped(__atomic_exchange_n(slot, block, __ATOMIC_ACQ_REL));
}

static void publish_some(uint64_t *random, size_t count, size_t least, size_t bound)
{
    for (size_t i = 0; i < count; i++) {
        publish(random, new_stamped(least + random_below(random, bound - least), (unsigned char)i));
    }
}

/* ---- What the other thread does, again and again ---- */

static void slabs_come_and_go(uint64_t *random)
{
    static struct stamped *batch[BATCH];
    size_t size = 16 * (2 + random_below(random, 60));
    for (size_t i = 0; i < BATCH; i++) {
        batch[i] = new_stamped(size, 1);
    }
    free_table(batch, BATCH);
    malloc_trim(0);
}

static void *free_all_shared(void *context)
{
    for (size_t i = 0; i < SHARED; i++) {
        free_stamped(__atomic_exchange_n(&shared[i], NULL, __ATOMIC_ACQ_REL));
    }
    return context;
}

static void others_free(uint64_t *random)
{
    publish_some(random, SHARED * 4, 24, 300);
    pthread_join(start_thread(free_all_shared, NULL), NULL);
}

static void *leave_some(void *context)
{
    uint64_t random = *(uint64_t *)context;
    publish_some(&random, SHARED * 8, 24, 600);
    return NULL;
}

static void orphans_are_adopted(uint64_t *random)
{
    uint64_t seed = random_next(random);
    pthread_join(start_thread(leave_some, &seed), NULL);
    publish_some(random, SHARED, 24, 600);
}

static void blocks_are_cached(uint64_t *random)
{
    publish_some(random, 100, 1100, 30000);
}

static void the_heap_grows_and_shrinks(uint64_t *random)
{
    struct stamped *large = new_stamped((size_t)3 << 20, 7);
    publish_some(random, 10, 40000, 100000);
    free_stamped(large);
    malloc_trim(0);
}

static void blocks_are_resized(uint64_t *random)
{
    struct stamped *block = new_stamped(30, 7);
    for (int i = 0; i < 40; i++) {
        block = resize_stamped(block, random_below(random, 90000));
    }
    free_stamped(block);
}

static void aligned_and_zeroed(uint64_t *random)
{
    void *aligned = memalign((size_t)64 << random_below(random, 8), random_below(random, 5000));
    void *zeroed = calloc(1, random_below(random, 200000));
    require(aligned != NULL && zeroed != NULL, "memory");
    free(aligned);
    free(zeroed);
}

/* ---- The stops ---- */

static void stand_still(int signal_number)
{
    struct timespec moment = {0, 1500000};
    (void)signal_number;
    __atomic_store_n(&is_still, 1, __ATOMIC_RELEASE);
    nanosleep(&moment, NULL);
}

static void *repeat(void *context)
{
    void (**step)(uint64_t *) = context;
    uint64_t random = (uintptr_t)context;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        (*step)(&random);
    }
    return NULL;
}

static void *use_all(void *context)
{
    struct stamped *table[200] = {NULL};
    uint64_t random = 3;
    churn(table, 200, &random, 400);
    free_table(table, 200);
    return context;
}

static void live_as_child(void)
{
    child_begins();
    use_all(NULL);
    free_all_shared(NULL);
    check_heap("in the child");
    pthread_join(start_thread(use_all, NULL), NULL);
    malloc_trim(0);
    check_heap("in the child, at its end");
    _exit(0);
}

static void fork_while_still(pthread_t other, unsigned delay)
{
    struct timespec pause = {0, 1000L * (long)delay};
    nanosleep(&pause, NULL);
    __atomic_store_n(&is_still, 0, __ATOMIC_RELEASE);
    pthread_kill(other, SIGUSR1);
    while (!__atomic_load_n(&is_still, __ATOMIC_ACQUIRE)) {
    }
    pid_t child = fork();
    if (child == 0) {
        live_as_child();
    }
    await_child(child);
}

int main(void)
{
    void (*steps[])(uint64_t *) = {
        slabs_come_and_go,          others_free,        orphans_are_adopted, blocks_are_cached,
        the_heap_grows_and_shrinks, blocks_are_resized, aligned_and_zeroed,
    };
    be_impatient();
    require_library();
    handle(SIGUSR1, stand_still);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        __atomic_store_n(&is_over, 0, __ATOMIC_RELEASE);
        pthread_t other = start_thread(repeat, &steps[i]);
        for (unsigned n = 0; n < FORKS; n++) {
            fork_while_still(other, n * 7 % 100);
        }
        __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
        pthread_join(other, NULL);
        check_heap("after the forks");
    }
    free_all_shared(NULL);
    check_heap("at the end");
    return 0;
}
