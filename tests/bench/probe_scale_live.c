/*
 * What freeing a small object and allocating another costs, against the number of live ones.
 *
 * Where there are many, each object is in no cache and must be fetched: by the program, if not by the allocator.
 * So beside this stands what a step from object to object costs, in random order, for the same objects.
 * Both in CPU time, to which other programs on the machine add less.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LIVE_MIN 100
#define LIVE_MAX_DEFAULT 10000000
#define LIVE_LIMIT 1000000000

/* A measurement lasts at least this long. */
#define DURATION_NS 3e8
#define COUNT_MIN 200000
#define WARM_UP_NS 5e7

/* Between two looks at the clock, which is a system call. */
#define BATCH 10000

struct live_set {
    void **objects;
    size_t count;
    struct rng rng;
    void *position; /* of the walk */
};

/* `count` of something, done to the set. */
typedef void batch_function(struct live_set *set, size_t count);

/* Not with malloc: the table is none of the allocator's business. */
static void **map_table(size_t count)
{
    void *table = mmap(NULL, count * sizeof(void *), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED) {
        fail("mmap");
    }
    return table;
}

static void grow(struct live_set *set, size_t count)
{
    while (set->count < count) {
        set->objects[set->count++] = allocate_touched(small_size(&set->rng));
    }
}

static void shuffle(struct live_set *set)
{
    for (size_t i = set->count - 1; i > 0; i--) {
        size_t other = rng_below(&set->rng, i + 1);
        void *object = set->objects[i];
        set->objects[i] = set->objects[other];
        set->objects[other] = object;
    }
}

/* Put the objects in a random order and make each one's first word point to the next: a ring. */
static void chain(struct live_set *set)
{
    shuffle(set);
    for (size_t i = 0; i < set->count; i++) {
        *(void **)set->objects[i] = set->objects[(i + 1) % set->count];
    }
    set->position = set->objects[0];
}

static void replace(struct live_set *set, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void **object = &set->objects[rng_below(&set->rng, set->count)];
        free(*object);
        *object = allocate_touched(small_size(&set->rng));
    }
}

static void walk(struct live_set *set, size_t count)
{
    void *position = set->position;
    for (size_t i = 0; i < count; i++) {
        position = *(void *volatile *)position;
    }
    set->position = position;
}

/* Nanoseconds for one. */
static double measure(batch_function *batch, struct live_set *set, double duration_ns, size_t count)
{
    size_t done = 0;
    double start = cpu_ns();
    double passed = 0;
    while (passed < duration_ns || done < count) {
        batch(set, BATCH);
        done += BATCH;
        passed = cpu_ns() - start;
    }
    return passed / (double)done;
}

/*
 * First as many are replaced as there are: in a heap that has only been filled, the first free in any place can
 * cost more than later ones. It also puts the objects in disorder before the walk.
 */
static void measure_at(struct live_set *set, size_t live)
{
    grow(set, live);
    measure(replace, set, WARM_UP_NS, live);
    double replace_ns = measure(replace, set, DURATION_NS, COUNT_MIN);
    chain(set);
    measure(walk, set, WARM_UP_NS, COUNT_MIN);
    double walk_ns = measure(walk, set, DURATION_NS, COUNT_MIN);
    printf("live=%zu ns=%.2f walk_ns=%.2f\n", live, replace_ns, walk_ns);
}

static size_t live_max(char **arguments)
{
    if (arguments[0] == NULL) {
        return LIVE_MAX_DEFAULT;
    }
    if (strcmp(arguments[0], "--max") != 0 || arguments[1] == NULL) {
        reject("scale_live takes --max N");
    }
    size_t max = only_count(arguments + 1, 0);
    if (max < LIVE_MIN || max > LIVE_LIMIT) {
        reject("N must be in 100 to 1e9");
    }
    return max;
}

void probe_scale_live(char **arguments)
{
    size_t max = live_max(arguments);
    struct live_set set = {.objects = map_table(max), .rng = {1}};
    for (size_t live = LIVE_MIN; live <= max; live *= 10) {
        measure_at(&set, live);
    }
}
