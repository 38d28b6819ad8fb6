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

#define STRESS_THREAD_COUNT 4
#define KEPT_COUNT 1000
#define EXCHANGED_COUNT 1000

static _Atomic(void *) exchanged[EXCHANGED_COUNT];

struct stress {
    struct rng rng;
    size_t operations;
    void *kept[KEPT_COUNT];
};

/* Of 16 bytes to 32 KiB; half of them below 32 bytes. */
static void *stress_allocate(struct rng *rng)
{
    return allocate_touched(rng_power_law(rng, 16, 10));
}

/* Half of the blocks replace one that this thread keeps, a quarter is freed at once, and a quarter is passed
   on: the block that lay in its place, maybe another thread's, is freed. */
static void *stress(void *argument)
{
    struct stress *self = argument;
    for (size_t i = 0; i < self->operations; i++) {
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

static void drop_exchanged(void)
{
    for (size_t i = 0; i < EXCHANGED_COUNT; i++) {
        free(exchanged[i]);
    }
}

static uint64_t stress_drop(struct stress *self)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        sum += self->kept[i] == NULL ? 0 : block_first(self->kept[i]);
        free(self->kept[i]);
    }
    return sum;
}

uint64_t mixed_stress(double scale)
{
    static struct stress threads[STRESS_THREAD_COUNT];
    for (size_t i = 0; i < STRESS_THREAD_COUNT; i++) {
        threads[i].rng.state = i;
        threads[i].operations = scaled(3000000, scale);
    }
    run_threads(STRESS_THREAD_COUNT, stress, threads, sizeof(*threads));
    uint64_t sum = 0;
    for (size_t i = 0; i < STRESS_THREAD_COUNT; i++) {
        sum += stress_drop(&threads[i]);
    }
    drop_exchanged();
    return sum;
}

#define BUFFER_COUNT 1000
#define PASSED_COUNT 20
#define STRIDE 7 /* has no divisor in common with BUFFER_COUNT */

struct buffers {
    struct rng rng;
    size_t turns;
    uint64_t sum;
    void *places[BUFFER_COUNT];
};

static void buffers_drop(struct buffers *self, size_t place)
{
    void *buffer = self->places[place];
    self->places[place] = NULL;
    self->sum += buffer == NULL ? 0 : block_first(buffer);
    free(buffer);
}

/* So many places, far from one another, are emptied and filled again. */
static void buffers_replace(struct buffers *self, size_t count)
{
    size_t first = rng_below(&self->rng, BUFFER_COUNT);
    for (size_t i = 0; i < count; i++) {
        buffers_drop(self, (first + i * STRIDE) % BUFFER_COUNT);
    }
    for (size_t i = 0; i < count; i++) {
        self->places[(first + i * STRIDE) % BUFFER_COUNT] =
            allocate_touched(rng_between(&self->rng, 16, 16384));
    }
}

/* Pass some on, and free what was passed on before, maybe by another thread. */
static void buffers_pass_on(struct buffers *self)
{
    for (size_t i = 0; i < PASSED_COUNT; i++) {
        size_t place = rng_below(&self->rng, BUFFER_COUNT);
        size_t to = rng_below(&self->rng, EXCHANGED_COUNT);
        free(atomic_exchange(&exchanged[to], self->places[place]));
        self->places[place] = NULL;
    }
}

static void *turn_over(void *argument)
{
    struct buffers *self = argument;
    for (size_t turn = 0; turn < self->turns; turn++) {
        buffers_replace(self, rng_between(&self->rng, 100, 300));
        buffers_pass_on(self);
    }
    for (size_t place = 0; place < BUFFER_COUNT; place++) {
        buffers_drop(self, place);
    }
    return NULL;
}

uint64_t turnover(double scale)
{
    static struct buffers threads[STRESS_THREAD_COUNT];
    for (size_t i = 0; i < STRESS_THREAD_COUNT; i++) {
        threads[i].rng.state = i;
        threads[i].turns = scaled(4000, scale);
    }
    run_threads(STRESS_THREAD_COUNT, turn_over, threads, sizeof(*threads));
    uint64_t sum = 0;
    for (size_t i = 0; i < STRESS_THREAD_COUNT; i++) {
        sum += threads[i].sum;
    }
    drop_exchanged();
    return sum;
}
