/*
 * Threads that end while their program goes on: some leave their objects to the next thread, others are done
 * with all of theirs.
 */
#include "pool.h"
#include "threads.h"
#include "workloads.h"

#include <semaphore.h>

#define CHAIN_COUNT 2

/* A server's worker that hands on its work, objects and all, to a newly created one. */
struct chain {
    struct pool pool;
    size_t generations_left;
    size_t replacements; /* in a generation */
    uint64_t sum;
    sem_t *ended;
};

static void *serve(void *argument)
{
    struct chain *chain = argument;
    chain->sum += pool_replace(&chain->pool, chain->replacements);
    chain->generations_left--;
    if (chain->generations_left > 0) {
        start_detached(serve, chain);
    } else {
        sem_post(chain->ended);
    }
    return NULL;
}

static size_t request_size(struct rng *rng)
{
    return rng_between(rng, 16, 512);
}

uint64_t server_successors(double scale)
{
    sem_t ended;
    sem_init(&ended, 0, 0);
    struct chain chains[CHAIN_COUNT];
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        chains[i] = (struct chain){
            .pool = {.count = 1000, .size = request_size, .rng = {i}},
            .generations_left = scaled(300, scale),
            .replacements = 20000,
            .ended = &ended,
        };
        pool_fill(&chains[i].pool);
    }
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        start_detached(serve, &chains[i]);
    }
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        sem_wait(&ended);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        sum += chains[i].sum;
        pool_drop(&chains[i].pool);
    }
    sem_destroy(&ended);
    return sum;
}

struct visitor {
    struct rng rng;
    uint64_t sum;
};

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    void *blocks[200];
    size_t count = rng_between(&visitor->rng, 50, 200);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = allocate_touched(skewed_size(&visitor->rng));
    }
    for (size_t i = 0; i < count; i++) {
        visitor->sum += block_first(blocks[i]);
        free(blocks[i]);
    }
    return NULL;
}

uint64_t thread_churn(double scale)
{
    struct visitor visitors[2] = {{{1}, 0}, {{2}, 0}};
    size_t rounds = scaled(2000, scale);
    for (size_t i = 0; i < rounds; i++) {
        run_threads(2, visit, visitors, sizeof(*visitors));
    }
    return visitors[0].sum + visitors[1].sum;
}
