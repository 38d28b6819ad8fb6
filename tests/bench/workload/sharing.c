/*
 * Small objects of two threads that, if the allocator places them in one cache line, make each thread wait for
 * the other's writes.
 */
#include "common.h"
#include "threads.h"
#include "workloads.h"

#define WRITER_COUNT 2
#define WRITES 1000
#define HANDED_COUNT 200

static const size_t sizes[] = {8, 16, 24, 32};

static void write_often(void *object)
{
    volatile uint64_t *word = object;
    *word = 0;
    for (size_t i = 0; i < WRITES; i++) {
        *word = *word + 1;
    }
}

struct writer {
    size_t rounds;
    size_t size;
    void **handed; /* objects that the main thread allocated for this one */
    uint64_t sum;
};

static void allocate_write_free(struct writer *writer)
{
    void *object = allocate(writer->size);
    write_often(object);
    writer->sum += block_first(object);
    free(object);
}

static void *write_own(void *argument)
{
    struct writer *writer = argument;
    for (size_t i = 0; i < writer->rounds; i++) {
        writer->size = sizes[i % (sizeof(sizes) / sizeof(*sizes))];
        allocate_write_free(writer);
    }
    return NULL;
}

/* Each thread has only objects that it allocated itself. */
uint64_t false_sharing_active(double scale)
{
    struct writer writers[WRITER_COUNT];
    for (size_t i = 0; i < WRITER_COUNT; i++) {
        writers[i] = (struct writer){.rounds = scaled(500000, scale)};
    }
    run_threads(WRITER_COUNT, write_own, writers, sizeof(*writers));
    return writers[0].sum + writers[1].sum;
}

static void *write_in_place_of_handed(void *argument)
{
    struct writer *writer = argument;
    for (size_t i = 0; i < HANDED_COUNT; i++) {
        free(writer->handed[i]);
        allocate_write_free(writer);
    }
    return NULL;
}

/* The main thread allocates the objects of both threads in turn. */
static void hand_out(struct writer *writers, void *handed[WRITER_COUNT][HANDED_COUNT], size_t size)
{
    for (size_t i = 0; i < HANDED_COUNT; i++) {
        for (size_t writer = 0; writer < WRITER_COUNT; writer++) {
            handed[writer][i] = allocate_touched(size);
        }
    }
    for (size_t writer = 0; writer < WRITER_COUNT; writer++) {
        writers[writer].handed = handed[writer];
        writers[writer].size = size;
    }
}

/* Each thread frees objects that lay beside the other's, and may be given that memory again. */
uint64_t false_sharing_passive(double scale)
{
    struct writer writers[WRITER_COUNT] = {{.sum = 0}, {.sum = 0}};
    void *handed[WRITER_COUNT][HANDED_COUNT];
    size_t rounds = scaled(1200, scale);
    for (size_t i = 0; i < rounds; i++) {
        hand_out(writers, handed, sizes[i % (sizeof(sizes) / sizeof(*sizes))]);
        run_threads(WRITER_COUNT, write_in_place_of_handed, writers, sizeof(*writers));
    }
    return writers[0].sum + writers[1].sum;
}
