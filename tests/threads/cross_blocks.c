/*
 * Two threads allocate blocks of medium size that two others verify and free, and that never ask for any; the main thread forks
 * meanwhile. The blocks are nobody else's, the heap grows no further, and it is sound, in the children too.
 *
 *   cross_blocks [COUNT]
 *
 * With a number of blocks for each pair it only passes these on.
 */
#include "resident.h"

#include "ma.h"
#include "ring.h"

#pragma weak ma_stats

enum { PAIRS = 2, IN_FLIGHT = 4, FORKS = 40 };

static size_t block_count = 150000; /* for each pair */

static struct ring rings[PAIRS];

/* 1 to 16 KiB, and sometimes more. */
static size_t block_size(uint64_t *random)
{
    return 1000 + random_below(random, random_below(random, 30) == 0 ? 60000 : 15000);
}

static void *produce(void *context)
{
    size_t number = (size_t)(uintptr_t)context;
    uint64_t random = number + 1;
    for (size_t at = 0; at < block_count; at++) {
        ring_put(&rings[number], new_stamped(block_size(&random), (unsigned char)at), IN_FLIGHT);
    }
    return NULL;
}

static void *consume(void *context)
{
    size_t number = (size_t)(uintptr_t)context;
    for (size_t freed = 0; freed < block_count;) {
        struct stamped *block = ring_take(&rings[number]);
        if (block != NULL) {
            free_stamped(block);
            freed++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

/* A child uses the heap, and ends. */
static void fork_once(int number)
{
    pid_t child = fork();
    require(child >= 0, "there is a child");
    if (child == 0) {
        be_impatient();
        static struct stamped *table[100];
        uint64_t random = (uint64_t)number;
        check_heap("in a child");
        churn(table, 100, &random, 300);
        free_table(table, 100);
        check_heap("in a child, at its end");
        _exit(0);
    }
    int status;
    require(waitpid(child, &status, 0) == child && status == 0, "the child is well");
}

/* What passes from one thread to another is not counted twice. */
static void look_at_figures(void)
{
    for (int i = 0; i < 8000; i++) {
        struct ma_stats stats;
        ma_stats(&stats);
        require(stats.live_bytes <= stats.break_bytes + stats.mmap_bytes, "what is live is heap");
    }
}

/* What is resident when the heap has grown as far as it should. */
static size_t fork_meanwhile(void)
{
    size_t resident = 0;
    for (int i = 0; i < FORKS; i++) {
        look_at_figures();
        fork_once(i);
        resident = i == FORKS / 4 ? resident_bytes() : resident;
    }
    return resident;
}

int main(int argc, char **argv)
{
    be_impatient();
    require_library();
    block_count = argc > 1 ? strtoul(argv[1], NULL, 10) : block_count;
    pthread_t producers[PAIRS];
    pthread_t consumers[PAIRS];
    for (size_t i = 0; i < PAIRS; i++) {
        producers[i] = start_thread(produce, (void *)i);
        consumers[i] = start_thread(consume, (void *)i);
    }
    size_t before = argc > 1 ? SIZE_MAX : fork_meanwhile();
    for (size_t i = 0; i < PAIRS; i++) {
        pthread_join(producers[i], NULL);
        pthread_join(consumers[i], NULL);
    }
    /* What never came back would be gigabytes. A few more blocks may be live at the same time than before. */
    require_growth(before, 8 * MIB, "after all blocks");
    check_heap("after all blocks were freed by others");
    return 0;
}
