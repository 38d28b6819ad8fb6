/*
 * Random operations on the whole of ma.h, compared with a model (shadow.h).
 *
 *   model [SEED [OPERATIONS]]
 *   model threads [SEED [OPERATIONS]]
 *
 * SEED is a number, or "random" for one from the clock; it is printed, and the same seed gives
 * the same operations (with threads, the same ones for each thread). Where the heap and the model
 * differ, the seed, the thread, the number of the operation and the difference are printed.
 *
 * With threads, each has a model of its own; they hand blocks to each other through a common
 * table, and whoever takes one out verifies and releases it.
 */
#include "ma.h"
#include "shadow.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SEED UINT64_C(20240229)
#define DEFAULT_OPERATIONS ((uint64_t)1000000)

enum {
    THREAD_COUNT = 4,
    LIVE_MAX = 30000,         /* blocks of one shadow */
    CHECK_EVERY = 16384,      /* operations between ma_check() */
    COMPARE_EVERY = 32768,    /* operations between comparisons by ma_walk() */
    HANDOVER_SLOTS = 512,     /* blocks on their way between threads */
    ERRNO_SENTINEL = EXDEV,   /* what nothing in here sets */
    PHASE_OPERATIONS = 50000, /* growth and shrinkage take turns */
};

#define LIVE_BYTES_MAX ((size_t)48 << 20)

struct model {
    struct shadow shadow;
    uint64_t random;
    uint64_t operation; /* number of the current one */
    int thread;         /* 0 where there is one */
    bool is_alone;      /* no other thread: figures can be compared */
    size_t baseline_count;
    size_t baseline_bytes;
    uint64_t operations;
};

static uint64_t seed;

static __attribute__((noreturn, format(printf, 2, 3))) void differs(const struct model *model,
                                                                    const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "model: seed %llu, thread %d, operation %llu: %s\n", (unsigned long long)seed,
            model->thread, (unsigned long long)model->operation, text);
    _exit(1);
}

static void verify(const struct model *model, const struct live *block, size_t size)
{
    size_t at = pattern_mismatch(block->payload, size, block->pattern);
    if (at != size) {
        differs(model, "block %p of %zu bytes (%zu usable): byte %zu is not what was written",
                (void *)block->payload, block->size, block->usable, at);
    }
}

/* Sizes: mostly small; some medium, some large, some 0. */
static size_t random_size(struct model *model)
{
    uint64_t *random = &model->random;
    size_t kind = random_below(random, 10000);
    if (kind < 200) {
        return 0;
    }
    if (kind < 9000) {
        return random_below(random, (size_t)16 << random_below(random, 7)); /* to 1 KiB */
    }
    if (kind < 9930) {
        return random_below(random, (size_t)1024 << random_below(random, 6)); /* to 32 KiB */
    }
    if (kind < 9994) {
        return random_below(random, (size_t)65536 << random_below(random, 3)); /* to 256 KiB */
    }
    return random_below(random, (size_t)1 << (20 + random_below(random, 3))); /* to 4 MiB */
}

/* Check what was handed out, fill it, and complete `block`, of which payload, size and alignment
 * are known. */
static void accept(struct model *model, struct live *block)
{
    if (block->payload == NULL) {
        differs(model, "a request of %zu bytes, alignment %zu, was refused (%s)", block->size,
                block->alignment, strerror(errno));
    }
    if ((uintptr_t)block->payload % block->alignment != 0 || (uintptr_t)block->payload % 16 != 0) {
        differs(model, "payload %p is not aligned to %zu", (void *)block->payload,
                block->alignment);
    }
    block->usable = ma_usable_size(block->payload);
    if (block->usable < block->size) {
        differs(model, "payload %p has %zu usable bytes, %zu were asked for",
                (void *)block->payload, block->usable, block->size);
    }
    if (!ma_owns(block->payload) || !ma_owns(block->payload + block->usable - 1)) {
        differs(model, "payload %p is not owned", (void *)block->payload);
    }
    model->shadow.created++;
    block->pattern =
        (uint64_t)model->thread << 56 | model->shadow.created << 24 | (block->size & 0xffffff);
    pattern_fill(block->payload, block->usable, block->pattern);
}

static void add(struct model *model, struct live *block)
{
    accept(model, block);
    shadow_add(&model->shadow, block);
}

static void require_errno(const struct model *model, int expected, const char *what)
{
    if (errno != expected) {
        differs(model, "%s: errno is %d, expected %d", what, errno, expected);
    }
}

static void allocate_plain(struct model *model)
{
    struct live block = {.size = random_size(model), .alignment = 16};
    block.payload = ma_malloc(block.size);
    add(model, &block);
}

static void allocate_zeroed(struct model *model)
{
    size_t element = 1 + random_below(&model->random, 64);
    size_t count = random_size(model) / element;
    struct live block = {.size = count * element, .alignment = 16};
    block.payload = ma_calloc(count, element);
    size_t at = block.payload != NULL ? first_nonzero(block.payload, block.size) : block.size;
    if (at != block.size) {
        differs(model, "calloc of %zu bytes at %p: byte %zu is not zero", block.size,
                (void *)block.payload, at);
    }
    add(model, &block);
}

/* 1 to 64 KiB; the large ones seldom. */
static size_t random_alignment(struct model *model)
{
    size_t limit = random_below(&model->random, 20) == 0 ? 17 : 9;
    return (size_t)1 << random_below(&model->random, limit);
}

static void allocate_aligned(struct model *model)
{
    struct live block = {.size = random_size(model), .alignment = random_alignment(model)};
    block.is_aligned = true;
    size_t kind = random_below(&model->random, 3);
    if (kind == 0) {
        block.payload = ma_aligned_alloc(block.alignment, block.size);
    } else if (kind == 1) {
        size_t odd = block.alignment - random_below(&model->random, (block.alignment + 1) / 2);
        block.payload = ma_memalign(odd, block.size);
    } else {
        void *payload = NULL;
        block.alignment = block.alignment < 8 ? 8 : block.alignment;
        errno = ERRNO_SENTINEL;
        if (ma_posix_memalign(&payload, block.alignment, block.size) != 0) {
            differs(model, "posix_memalign(%zu, %zu) failed", block.alignment, block.size);
        }
        require_errno(model, ERRNO_SENTINEL, "posix_memalign");
        block.payload = payload;
    }
    add(model, &block);
}

static void release(struct model *model, const struct live *block)
{
    verify(model, block, block->usable);
    size_t kind = random_below(&model->random, 4);
    errno = ERRNO_SENTINEL;
    if (kind == 0) {
        ma_free_sized(block->payload, block->size);
    } else if (kind == 1 && block->is_aligned) {
        ma_free_aligned_sized(block->payload, block->alignment, block->size);
    } else if (kind == 2 && ma_realloc(block->payload, 0) != NULL) {
        differs(model, "realloc(p, 0) does not give NULL");
    } else if (kind != 2) {
        ma_free(block->payload);
    }
    require_errno(model, ERRNO_SENTINEL, "free");
}

static size_t random_index(struct model *model)
{
    return random_below(&model->random, model->shadow.count);
}

static void release_some(struct model *model)
{
    struct live block = shadow_take(&model->shadow, random_index(model));
    release(model, &block);
}

/* Sometimes a block grows bit by bit, sometimes it becomes anything. */
static size_t random_new_size(struct model *model, size_t old)
{
    switch (random_below(&model->random, 4)) {
    case 0:
        return old + 1 + random_below(&model->random, 64);
    case 1:
        return old / 2 + 1;
    case 2:
        return old < ((size_t)1 << 21) ? old + old / 2 + 1 : old;
    default:
        return random_size(model) + 1;
    }
}

static void resize(struct model *model)
{
    size_t index = random_index(model);
    struct live block = model->shadow.live[index];
    struct live resized = {.alignment = 16};
    verify(model, &block, block.usable);
    if (random_below(&model->random, 3) == 0) {
        size_t element = 1 + random_below(&model->random, 32);
        size_t count = random_new_size(model, block.size) / element + 1;
        resized.size = count * element;
        resized.payload = ma_reallocarray(block.payload, count, element);
    } else {
        resized.size = random_new_size(model, block.size);
        resized.payload = ma_realloc(block.payload, resized.size);
    }
    if (resized.payload == NULL) {
        differs(model, "realloc to %zu bytes was refused", resized.size);
    }
    block.payload = resized.payload;
    verify(model, &block, block.size < resized.size ? block.size : resized.size);
    accept(model, &resized);
    shadow_change(&model->shadow, index, &resized);
}

static void look_at_some(struct model *model)
{
    struct live *block = &model->shadow.live[random_index(model)];
    verify(model, block, block->usable);
    size_t usable = ma_usable_size(block->payload);
    if (usable != block->usable) {
        differs(model, "block %p has %zu usable bytes, it had %zu", (void *)block->payload, usable,
                block->usable);
    }
}

static void require_refused(const struct model *model, const void *payload, int error,
                            const char *what)
{
    if (payload != NULL) {
        differs(model, "%s was granted", what);
    }
    require_errno(model, error, what);
}

/* What must fail, with which errno, and must leave everything as it was. */
static void ask_for_too_much(struct model *model)
{
    size_t absurd = SIZE_MAX / 2 + 1 + random_below(&model->random, SIZE_MAX / 2);
    size_t more_than_there_is = ((size_t)1 << 47) + random_below(&model->random, (size_t)1 << 46);
    size_t size = random_below(&model->random, 2) == 0 ? absurd : more_than_there_is;
    void *volatile kept = &seed;
    void *out = kept;
    errno = 0;
    require_refused(model, ma_malloc(size), ENOMEM, "malloc of an absurd size");
    errno = 0;
    require_refused(model, ma_calloc(size / 16, 17), ENOMEM, "calloc of an absurd size");
    errno = 0;
    require_refused(model, ma_calloc(SIZE_MAX / 2, 3), ENOMEM, "calloc that overflows");
    errno = 0;
    require_refused(model, ma_aligned_alloc(64, size), ENOMEM, "aligned_alloc of an absurd size");
    errno = 0;
    require_refused(model, ma_memalign(4096, size), ENOMEM, "memalign of an absurd size");
    errno = 0;
    require_refused(model, ma_aligned_alloc((size_t)1 << 63, 16), ENOMEM, "an absurd alignment");
    errno = ERRNO_SENTINEL;
    if (ma_posix_memalign(&out, 64, size) != ENOMEM || out != kept) {
        differs(model, "posix_memalign of an absurd size was granted");
    }
    require_errno(model, ERRNO_SENTINEL, "posix_memalign of an absurd size");
    if (model->shadow.count > 0) {
        struct live *block = &model->shadow.live[random_index(model)];
        errno = 0;
        require_refused(model, ma_realloc(block->payload, size), ENOMEM, "realloc to too much");
        errno = 0;
        require_refused(model, ma_reallocarray(block->payload, SIZE_MAX / 2, 3), ENOMEM,
                        "reallocarray that overflows");
        verify(model, block, block->usable);
    }
}

static void ask_for_bad_alignment(struct model *model)
{
    size_t bad = 2 * random_below(&model->random, 1000) + 1;
    bad = bad == 1 ? 24 : bad * ((size_t)1 << random_below(&model->random, 8));
    void *volatile kept = &seed;
    void *out = kept;
    errno = 0;
    require_refused(model, ma_aligned_alloc(bad, 64), EINVAL, "aligned_alloc, no power of two");
    errno = 0;
    require_refused(model, ma_aligned_alloc(0, 64), EINVAL, "aligned_alloc with alignment 0");
    errno = 0;
    require_refused(model, ma_memalign(SIZE_MAX / 2 + 2, 64), EINVAL, "memalign beyond a size_t");
    errno = ERRNO_SENTINEL;
    if (ma_posix_memalign(&out, bad, 64) != EINVAL || ma_posix_memalign(&out, 4, 64) != EINVAL ||
        ma_posix_memalign(&out, 0, 64) != EINVAL || out != kept) {
        differs(model, "posix_memalign granted a bad alignment");
    }
    require_errno(model, ERRNO_SENTINEL, "posix_memalign with a bad alignment");
}

static void trim(struct model *model)
{
    int given = ma_trim(random_below(&model->random, (size_t)1 << 20));
    if (given != 0 && given != 1) {
        differs(model, "trim gives %d", given);
    }
}

/* Pointers that are owned by nobody here. */
static void ask_for_foreign(struct model *model)
{
    int local = 0;
    if (ma_owns(&local) || ma_owns(&seed) || ma_owns(NULL) || ma_owns((void *)UINTPTR_MAX) ||
        ma_usable_size(NULL) != 0) {
        differs(model, "what is not from the heap is owned");
    }
    ma_free(NULL);
    ma_free_sized(NULL, 1);
    ma_free_aligned_sized(NULL, 64, 1);
}

struct seen {
    struct ma_block *blocks; /* used ones */
    size_t count;
    size_t room;
    size_t used_bytes;
    size_t free_count;
    size_t free_bytes;
    size_t largest_free;
};

static int see(const struct ma_block *block, void *context)
{
    struct seen *seen = context;
    if (!block->is_used) {
        seen->free_count++;
        seen->free_bytes += block->size;
        seen->largest_free = block->size > seen->largest_free ? block->size : seen->largest_free;
        return 0;
    }
    if (seen->count == seen->room) {
        return 1;
    }
    seen->blocks[seen->count] = *block;
    seen->count++;
    seen->used_bytes += block->usable;
    return 0;
}

static int by_payload(const void *a, const void *b)
{
    const unsigned char *p = ((const struct live *)a)->payload;
    const unsigned char *q = ((const struct live *)b)->payload;
    return p < q ? -1 : p > q;
}

static int by_block_payload(const void *a, const void *b)
{
    const char *p = ((const struct ma_block *)a)->payload;
    const char *q = ((const struct ma_block *)b)->payload;
    return p < q ? -1 : p > q;
}

static void compare_stats(const struct model *model, const struct seen *seen)
{
    struct ma_stats stats;
    ma_stats(&stats);
    const struct shadow *shadow = &model->shadow;
    size_t live_count = model->baseline_count + shadow->count;
    size_t live_bytes = model->baseline_bytes + shadow->usable;
    if (stats.live_count != live_count || stats.live_bytes != live_bytes) {
        differs(model, "the heap counts %zu live bytes in %zu blocks, the model %zu in %zu",
                stats.live_bytes, stats.live_count, live_bytes, live_count);
    }
    if (stats.live_count != seen->count || stats.live_bytes != seen->used_bytes ||
        stats.free_count != seen->free_count || stats.free_bytes != seen->free_bytes ||
        stats.largest_free != seen->largest_free) {
        differs(model,
                "ma_stats() and ma_walk() differ: live %zu/%zu, free %zu/%zu, largest %zu/%zu",
                stats.live_count, seen->count, stats.free_count, seen->free_count,
                stats.largest_free, seen->largest_free);
    }
    size_t heap = stats.break_bytes + stats.mmap_bytes;
    if (heap != stats.live_bytes + stats.free_bytes + stats.overhead_bytes) {
        differs(model, "%zu bytes from the system, but %zu live, %zu free, %zu overhead", heap,
                stats.live_bytes, stats.free_bytes, stats.overhead_bytes);
    }
    if (stats.peak_live_bytes < stats.live_bytes || stats.peak_heap_bytes < heap ||
        stats.allocate_count < stats.release_count ||
        (stats.live_count > 0 && stats.segment_count == 0)) {
        differs(model, "ma_stats() contradicts itself");
    }
}

/* The heap's used blocks are the model's, and those that were there at the start. */
static void compare_blocks(struct model *model)
{
    static struct ma_block blocks[LIVE_MAX + 1024];
    struct seen seen = {.blocks = blocks, .room = sizeof(blocks) / sizeof(blocks[0])};
    struct shadow *shadow = &model->shadow;
    if (ma_walk(see, &seen) != 0) {
        differs(model, "the heap has more used blocks than the model could have made");
    }
    qsort(shadow->live, shadow->count, sizeof(struct live), by_payload);
    qsort(seen.blocks, seen.count, sizeof(struct ma_block), by_block_payload);
    size_t found = 0;
    for (size_t i = 0; i < seen.count && found < shadow->count; i++) {
        const struct live *block = &shadow->live[found];
        if (seen.blocks[i].payload == block->payload) {
            found++;
            if (seen.blocks[i].usable != block->usable) {
                differs(model, "block %p: ma_walk() shows %zu usable bytes, it has %zu",
                        (void *)block->payload, seen.blocks[i].usable, block->usable);
            }
        }
        if (i > 0 && (char *)seen.blocks[i - 1].payload + seen.blocks[i - 1].usable >
                         (char *)seen.blocks[i].payload) {
            differs(model, "blocks %p and %p overlap", seen.blocks[i - 1].payload,
                    seen.blocks[i].payload);
        }
    }
    if (found != shadow->count) {
        differs(model, "ma_walk() does not show block %p", (void *)shadow->live[found].payload);
    }
    if (seen.count != shadow->count + model->baseline_count) {
        differs(model, "ma_walk() shows %zu used blocks, the model has %zu", seen.count,
                shadow->count + model->baseline_count);
    }
    compare_stats(model, &seen);
}

static void check(const struct model *model)
{
    int broken = ma_check();
    if (broken != 0) {
        differs(model, "ma_check() gives %d", broken);
    }
}

/* Blocks on their way between threads. */
static struct {
    pthread_mutex_t mutex;
    struct live blocks[HANDOVER_SLOTS];
    size_t count;
} handover = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void give_away(struct model *model)
{
    struct live block = shadow_take(&model->shadow, random_index(model));
    pthread_mutex_lock(&handover.mutex);
    bool is_given = handover.count < HANDOVER_SLOTS;
    if (is_given) {
        handover.blocks[handover.count] = block;
        handover.count++;
    }
    pthread_mutex_unlock(&handover.mutex);
    if (!is_given) {
        release(model, &block);
    }
}

static void take_over(struct model *model)
{
    pthread_mutex_lock(&handover.mutex);
    bool is_taken = handover.count > 0;
    struct live block = {0};
    if (is_taken) {
        size_t index = random_below(&model->random, handover.count);
        block = handover.blocks[index];
        handover.count--;
        handover.blocks[index] = handover.blocks[handover.count];
    }
    pthread_mutex_unlock(&handover.mutex);
    if (is_taken) {
        release(model, &block);
    }
}

static bool is_full(const struct model *model)
{
    size_t share = model->is_alone ? 1 : THREAD_COUNT;
    return model->shadow.count >= LIVE_MAX / share - 1 ||
           model->shadow.bytes >= LIVE_BYTES_MAX / share;
}

/* In a growing phase eleven operations in sixteen allocate, in a shrinking one five. */
static void allocate_or_release(struct model *model)
{
    bool is_growing = model->operation / PHASE_OPERATIONS % 2 == 0;
    bool wants_more = random_below(&model->random, 16) < (is_growing ? 11u : 5u);
    if (model->shadow.count > 0 && (!wants_more || is_full(model))) {
        if (!model->is_alone && random_below(&model->random, 4) == 0) {
            give_away(model);
        } else {
            release_some(model);
        }
        return;
    }
    size_t kind = random_below(&model->random, 10);
    if (kind < 6) {
        allocate_plain(model);
    } else if (kind < 8) {
        allocate_zeroed(model);
    } else {
        allocate_aligned(model);
    }
}

static void operate(struct model *model)
{
    size_t kind = random_below(&model->random, 1000);
    bool has_blocks = model->shadow.count > 0;
    if (kind < 150 && has_blocks) {
        resize(model);
    } else if (kind < 200 && has_blocks) {
        look_at_some(model);
    } else if (kind < 203) {
        ask_for_too_much(model);
    } else if (kind < 206) {
        ask_for_bad_alignment(model);
    } else if (kind < 209) {
        ask_for_foreign(model);
    } else if (kind == 209) {
        trim(model);
    } else if (kind < 300 && !model->is_alone) {
        take_over(model);
    } else {
        allocate_or_release(model);
    }
}

static void release_all(struct model *model)
{
    while (model->shadow.count > 0) {
        release_some(model);
    }
}

static void run(struct model *model)
{
    for (model->operation = 0; model->operation < model->operations; model->operation++) {
        operate(model);
        if (model->operation % CHECK_EVERY == (uint64_t)model->thread) {
            check(model);
        }
        if (model->is_alone && model->operation % COMPARE_EVERY == 0) {
            compare_blocks(model);
        }
    }
    release_all(model);
}

/* What lives in the heap before and must live there afterwards. */
static void note_baseline(struct model *model)
{
    struct ma_stats stats;
    ma_stats(&stats);
    model->baseline_count = stats.live_count;
    model->baseline_bytes = stats.live_bytes;
}

static void finish(struct model *model)
{
    check(model);
    compare_blocks(model);
}

static void run_alone(uint64_t operations)
{
    struct model model = {.random = seed, .is_alone = true, .operations = operations};
    shadow_init(&model.shadow, LIVE_MAX);
    note_baseline(&model);
    run(&model);
    finish(&model);
    printf("model: %llu operations, %llu blocks: all as it should be\n",
           (unsigned long long)operations, (unsigned long long)model.shadow.created);
}

static void *run_thread(void *context)
{
    run(context);
    return NULL;
}

static void run_threads(uint64_t operations)
{
    static struct model models[THREAD_COUNT];
    pthread_t threads[THREAD_COUNT];
    struct model rest = {.random = seed, .thread = THREAD_COUNT, .is_alone = true};
    shadow_init(&rest.shadow, HANDOVER_SLOTS);
    note_baseline(&rest);
    for (int i = 0; i < THREAD_COUNT; i++) {
        models[i] = (struct model){
            .random = seed + (uint64_t)i, .thread = i, .operations = operations / THREAD_COUNT};
        shadow_init(&models[i].shadow, LIVE_MAX);
        if (pthread_create(&threads[i], NULL, run_thread, &models[i]) != 0) {
            perror("pthread_create");
            exit(2);
        }
    }
    for (int i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    while (handover.count > 0) {
        take_over(&rest);
    }
    finish(&rest);
    printf("model: %llu operations in %d threads: all as it should be\n",
           (unsigned long long)operations, THREAD_COUNT);
}

static uint64_t parse(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "usage: model [threads] [SEED|random [OPERATIONS]]\n");
        exit(2);
    }
    return value;
}

static uint64_t seed_from_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t state = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)getpid();
    return random_next(&state) >> 16;
}

int main(int argc, char **argv)
{
    bool has_threads = argc > 1 && strcmp(argv[1], "threads") == 0;
    int first = has_threads ? 2 : 1;
    seed = DEFAULT_SEED;
    if (argc > first) {
        seed = strcmp(argv[first], "random") == 0 ? seed_from_clock() : parse(argv[first]);
    }
    uint64_t operations = argc > first + 1 ? parse(argv[first + 1]) : DEFAULT_OPERATIONS;
    printf("model: seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    if (has_threads) {
        run_threads(operations);
    } else {
        run_alone(operations);
    }
    return 0;
}
