/*
 * Blocks that one thread allocates and another frees.
 */
#include "common.h"
#include "threads.h"
#include "workloads.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define RING_LENGTH 1024
#define SPINS 100 /* before another thread gets the processor */
#define CACHE_LINE 64

/* A bounded queue with one producer and one consumer; positions only grow. */
struct ring {
    void *messages[RING_LENGTH];
    _Alignas(CACHE_LINE) atomic_size_t written;
    _Alignas(CACHE_LINE) atomic_size_t read;
};

/* To be called again and again with the same `spins`, 0 at first. */
static void wait_a_little(size_t *spins)
{
    *spins += 1;
    if (*spins % SPINS == 0) {
        sched_yield();
    }
}

static void ring_put(struct ring *ring, void *message)
{
    size_t position = atomic_load_explicit(&ring->written, memory_order_relaxed);
    size_t spins = 0;
    while (position - atomic_load_explicit(&ring->read, memory_order_acquire) == RING_LENGTH) {
        wait_a_little(&spins);
    }
    ring->messages[position % RING_LENGTH] = message;
    atomic_store_explicit(&ring->written, position + 1, memory_order_release);
}

static void *ring_get(struct ring *ring)
{
    size_t position = atomic_load_explicit(&ring->read, memory_order_relaxed);
    size_t spins = 0;
    while (atomic_load_explicit(&ring->written, memory_order_acquire) == position) {
        wait_a_little(&spins);
    }
    void *message = ring->messages[position % RING_LENGTH];
    atomic_store_explicit(&ring->read, position + 1, memory_order_release);
    return message;
}

struct message {
    size_t length;
    unsigned char bytes[];
};

static struct message *message_write(struct rng *rng)
{
    size_t size = rng_between(rng, 32, 512);
    struct message *message = allocate(size);
    message->length = size - sizeof(*message);
    memset(message->bytes, (int)(size % 256), message->length);
    return message;
}

/* A byte of each cache line. */
static uint64_t message_read(const struct message *message)
{
    uint64_t sum = message->length;
    for (size_t i = 0; i < message->length; i += CACHE_LINE) {
        sum += message->bytes[i];
    }
    return sum;
}

struct channel {
    struct ring ring;
    size_t message_count;
    uint64_t sum;
};

static void *produce(void *argument)
{
    struct channel *channel = argument;
    struct rng rng = {1};
    for (size_t i = 0; i < channel->message_count; i++) {
        ring_put(&channel->ring, message_write(&rng));
    }
    return NULL;
}

static void *consume(void *argument)
{
    struct channel *channel = argument;
    for (size_t i = 0; i < channel->message_count; i++) {
        struct message *message = ring_get(&channel->ring);
        channel->sum += message_read(message);
        free(message);
    }
    return NULL;
}

struct end_of_channel {
    void *(*run)(void *);
    struct channel *channel;
};

static void *run_end(void *argument)
{
    struct end_of_channel *end = argument;
    return end->run(end->channel);
}

uint64_t producer_consumer(double scale)
{
    static struct channel channel;
    channel.message_count = scaled(3000000, scale);
    struct end_of_channel ends[] = {{produce, &channel}, {consume, &channel}};
    run_threads(2, run_end, ends, sizeof(*ends));
    return channel.sum;
}

#define WORKER_COUNT 4
#define KEPT_COUNT 1000
#define EXCHANGED_COUNT 1000

/* Blocks on their way from one worker to another. */
static _Atomic(void *) exchanged[EXCHANGED_COUNT];

struct worker {
    struct rng rng;
    size_t turns;
    uint64_t sum;
    void *kept[KEPT_COUNT];
};

static void worker_drop(struct worker *self, size_t place)
{
    void *block = self->kept[place];
    self->kept[place] = NULL;
    self->sum += block == NULL ? 0 : block_first(block);
    free(block);
}

static void worker_drop_all(struct worker *self)
{
    for (size_t place = 0; place < KEPT_COUNT; place++) {
        worker_drop(self, place);
    }
}

/* Run `body` in all workers, and drop what they have left: the sum of what was dropped. */
static uint64_t run_workers(void *(*body)(void *), size_t turns)
{
    static struct worker workers[WORKER_COUNT];
    for (size_t i = 0; i < WORKER_COUNT; i++) {
        workers[i].rng.state = i;
        workers[i].turns = turns;
    }
    run_threads(WORKER_COUNT, body, workers, sizeof(*workers));
    uint64_t sum = 0;
    for (size_t i = 0; i < WORKER_COUNT; i++) {
        worker_drop_all(&workers[i]);
        sum += workers[i].sum;
    }
    for (size_t i = 0; i < EXCHANGED_COUNT; i++) {
        free(exchanged[i]);
    }
    return sum;
}

/* Of 16 bytes to 32 KiB; half of them below 32 bytes. */
static void *stress_allocate(struct rng *rng)
{
    return allocate_touched(rng_power_law(rng, 16, 10));
}

/* Half of the blocks replace one that this thread keeps, a quarter is freed at once, and a quarter is passed
   on: the block that lay in its place, maybe another thread's, is freed. */
static void *stress(void *argument)
{
    struct worker *self = argument;
    for (size_t i = 0; i < self->turns; i++) {
        void *block = stress_allocate(&self->rng);
        uint64_t random = rng_next(&self->rng);
        if (random % 4 < 2) {
            void **kept = &self->kept[rng_scale(random, KEPT_COUNT)];
            free(*kept);
            *kept = block;
        } else if (random % 4 == 2) {
            free(block);
        } else {
            free(atomic_exchange(&exchanged[rng_scale(random, EXCHANGED_COUNT)], block));
        }
    }
    return NULL;
}

uint64_t mixed_stress(double scale)
{
    return run_workers(stress, scaled(3000000, scale));
}

#define PASSED_COUNT 20
#define STRIDE 7 /* has no divisor in common with KEPT_COUNT */

/* So many places, far from one another, are emptied and filled again. */
static void replace_many(struct worker *self, size_t count)
{
    size_t first = rng_below(&self->rng, KEPT_COUNT);
    for (size_t i = 0; i < count; i++) {
        worker_drop(self, (first + i * STRIDE) % KEPT_COUNT);
    }
    for (size_t i = 0; i < count; i++) {
        self->kept[(first + i * STRIDE) % KEPT_COUNT] =
            allocate_touched(rng_between(&self->rng, 16, 16384));
    }
}

/* Pass some on, and free what was passed on before, maybe by another thread. */
static void pass_some_on(struct worker *self)
{
    for (size_t i = 0; i < PASSED_COUNT; i++) {
        size_t place = rng_below(&self->rng, KEPT_COUNT);
        size_t to = rng_below(&self->rng, EXCHANGED_COUNT);
        free(atomic_exchange(&exchanged[to], self->kept[place]));
        self->kept[place] = NULL;
    }
}

static void *turn_over(void *argument)
{
    struct worker *self = argument;
    for (size_t turn = 0; turn < self->turns; turn++) {
        replace_many(self, rng_between(&self->rng, 100, 300));
        pass_some_on(self);
    }
    worker_drop_all(self);
    return NULL;
}

uint64_t turnover(double scale)
{
    return run_workers(turn_over, scaled(4000, scale));
}
