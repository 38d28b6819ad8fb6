/*
 * Random replacement in a live set that stays as large as it is: what the lifetimes of a busy program's
 * objects look like from far away. The sets differ in size and in what they hold.
 */
#include "pool.h"
#include "threads.h"
#include "workloads.h"

static uint64_t replace(size_t count, size_t (*size)(struct rng *), size_t replacements)
{
    struct pool pool = {.count = count, .size = size, .rng = {count}};
    pool_fill(&pool);
    uint64_t sum = pool_replace(&pool, replacements);
    pool_drop(&pool);
    return sum;
}

uint64_t replace_1k(double scale)
{
    return replace(1000, skewed_size, scaled(15000000, scale));
}

uint64_t replace_10k(double scale)
{
    return replace(10000, skewed_size, scaled(12000000, scale));
}

uint64_t replace_100k(double scale)
{
    return replace(100000, skewed_size, scaled(6000000, scale));
}

uint64_t replace_1m(double scale)
{
    return replace(1000000, skewed_size, scaled(2000000, scale));
}

static size_t medium_size(struct rng *rng)
{
    return rng_log_uniform(rng, KIB, 6);
}

uint64_t medium(double scale)
{
    return replace(1000, medium_size, scaled(1500000, scale));
}

static size_t large_size(struct rng *rng)
{
    return rng_log_uniform(rng, MIB, 5);
}

uint64_t large(double scale)
{
    return replace(8, large_size, scaled(250, scale));
}

struct worker {
    size_t number;
    size_t replacements;
    uint64_t sum;
};

static void *replace_in_thread(void *argument)
{
    struct worker *worker = argument;
    struct pool pool = {.count = 500, .size = skewed_size, .rng = {worker->number}};
    pool_fill(&pool);
    worker->sum = pool_replace(&pool, worker->replacements);
    pool_drop(&pool);
    return NULL;
}

uint64_t threads_64(double scale)
{
    struct worker workers[64];
    for (size_t i = 0; i < 64; i++) {
        workers[i] = (struct worker){.number = i, .replacements = scaled(500000, scale)};
    }
    run_threads(64, replace_in_thread, workers, sizeof(*workers));
    uint64_t sum = 0;
    for (size_t i = 0; i < 64; i++) {
        sum += workers[i].sum;
    }
    return sum;
}
