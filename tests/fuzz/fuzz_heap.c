/*
 * A fuzz target for libFuzzer: the whole allocator over a pretended system, compared with a model.
 *
 * An input begins with its options; then each byte is an operation, and those that follow say how much or which. At the
 * end all is released and all threads end: no block and no slab may be left. Inputs do not depend on each other: the
 * allocator's variables are as after loading at each begin.
 */
#include "run.h"

#include "api/checked_alloc.h"
#include "api/thread.h"
#include "base/options.h"
#include "check/stack.h"
#include "core/core_locked.h"
#include "core/cores.h"
#include "core/shards.h"
#include "front/front.h"
#include "front/reclaim.h"
#include "front/registry.h"
#include "image.h"
#include "kept.h"
#include "ma.h"
#include "pretended.h"
#include "support/fake_os.h"

#include <errno.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* How many of the requests come first in their table because they may be made anywhere. */
enum { ANYWHERE_COUNT = 8 };

static void interrupt(struct run *run);
static void expect_signal(struct run *run);

static struct run whole; /* of the current input */
static struct run
    handler; /* the blocks of a signal handler: it does not touch what it may have interrupted a request for */

/* What a signal handler may do; the first of them wherever it finds its thread. */
static void (*const requests[])(struct run *run) = {
    allocate_plain, allocate_zeroed, allocate_aligned, allocate_many, release_one,
    release_many,   resize,          look_at_one,      trim,          check_invariants,
};

/* Two stand here twice, to come more often. */
static void (*const operations[])(struct run *run) = {
    allocate_plain, allocate_zeroed, allocate_aligned, allocate_many,
    expect_signal,  release_one,     release_many,     release_many,
    resize,         resize_many,     look_at_one,      ask_for_too_much,
    switch_thread,  switch_thread,   end_thread,       go_on_as_child,
    trim,           flush,           reclaim,          settle,
    pass_time,      refuse_memory,   move_break,       race_break,
    limit_break,    occupy,          change_system,    crowd,
    interrupt,      check_heap,      settle_all,       compare_figures,
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* As a signal handler that finds its thread inside the first cores of its shard, or only in the front. */
static void interrupt(struct run *run)
{
    size_t depth = shards_count() > 0 ? input_byte(&run->input) % (MA_CORE_COUNT + 1) : 0;
    size_t count = input_byte(&run->input) % 16 + 1;
    bool may_be_refused = run->may_be_refused;
    struct shard *shard = depth > 0 ? shard_home() : NULL;
    run->may_be_refused = true;
    struct theap *heap = front_enter();
    for (size_t i = 0; i < depth; i++) {
        core_enter(&shard->cores[i]);
    }
    for (size_t i = 0; i < count; i++) {
        requests[input_byte(&run->input) % COUNT_OF(requests)](run);
    }
    for (size_t i = depth; i-- > 0;) {
        core_leave(&shard->cores[i]);
    }
    front_leave(heap);
    run->may_be_refused = may_be_refused;
}

/* The signal has come amid a call of the system: within any of the allocator's locks, or several. */
static void handle_signal(void)
{
    int saved_errno = errno;
    handler.input = whole.input;
    handler.operation = whole.operation;
    for (size_t count = input_byte(&handler.input) % 16 + 1; count > 0; count--) {
        requests[input_byte(&handler.input) % ANYWHERE_COUNT](&handler);
    }
    whole.input = handler.input;
    errno = saved_errno;
}

/* At one of the next calls of the system a signal comes. */
static void expect_signal(struct run *run)
{
    fake_os_interrupt(input_byte(&run->input) % 64, handle_signal);
}

/* Options that take part in decisions; for most inputs as they are by default. */
static void read_options(struct run *run)
{
    static const size_t decays[] = {MA_DECAY, MA_DECAY, 0, SIZE_MAX};
    static const size_t limits[] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, (size_t)2 << 20};
    static const size_t samples[] = {0, 0, 1, 32};
    static const size_t quarantines[] = {MA_QUARANTINE, (size_t)1 << 20, (size_t)64 << 10, 0};
    size_t first = input_byte(&run->input);
    size_t second = input_byte(&run->input);
    size_t third = input_byte(&run->input);
    options.front = first % 8 != 7;
    options.populate = first / 8 % 4 != 3;
    options.thp = first / 32 % 4;
    options.dirty_max = first / 128 != 0 ? (size_t)64 << 10 : SIZE_MAX;
    options.decay_ms = decays[second % 4];
    options.limit = limits[second / 4 % 4];
    options.check = third % 4;
    options.zero = third / 4 % 2;
    options.guard_sample = samples[third / 8 % 4];
    options.quarantine = quarantines[third / 32 % 4];
    options.leaks = third / 128;
    run->may_be_refused = options.limit != SIZE_MAX;
    fake_os_set_has_break(second / 16 % 4 != 3);
    cores_set_limit(second / 64 + 1);
    if (options.guard_sample != 0 || options.leaks != 0) {
        stack_start();
    }
}

static void heap_reset(void)
{
    image_restore();
    kept_reset();
    fake_os_reset();
    pretended_reset();
}

static size_t count_slabs(void)
{
    size_t count = 0;
    for (size_t i = 1; i < space_map.granule_count; i++) {
        const struct theap *owner = slab_owner(slab_number((granule_index)i));
        count += owner != NULL && owner != OWNER_HEAPS;
    }
    return count;
}

/* The next release makes all go that was released before. */
static void empty_quarantine(void)
{
    options.quarantine = 0;
    options.guard_sample = 0;
    if (checked_is_on()) {
        ma_free(ma_malloc(1));
    }
}

/* Nothing may be left when all is released. */
static void end_run(struct run *run)
{
    fake_os_refuse_from(SIZE_MAX);
    fake_os_interrupt(0, NULL);
    check_heap(run);
    compare_sites(run);
    release_all(&handler);
    release_all(run);
    settle_all(run);
    for (size_t i = 0; i < PRETENDED_COUNT; i++) {
        pretended_run(i);
        pretended_end();
    }
    check_heap(run);
    compare_sites(run);
    compare_figures(run);
    empty_quarantine();
    if (fake_os_guarded() != 0) {
        finding(run, "%zu guard pages are left", fake_os_guarded());
    }
    settle_all(run);
    reclaim_all(thread_heap()); /* what rests */
    if (count_slabs() != 0) {
        finding(run, "%zu slabs are left", count_slabs());
    }
}

static void run_input(struct run *run)
{
    read_options(run);
    while (!input_is_over(&run->input) && run->work + handler.work < WORK_MAX) {
        run->operation++;
        if (run->operation == run->grant_at) {
            fake_os_refuse_from(SIZE_MAX);
        }
        operations[input_byte(&run->input) % COUNT_OF(operations)](run);
    }
    end_run(run);
}

/* A run without blocks; `run` has been one before, or is zeroed. */
static void begin_run(struct run *run, struct input input)
{
    struct live *table = run->shadow.live;
    *run = (struct run){.input = input};
    run->shadow.live = table;
    run->shadow.room = LIVE_MAX;
    if (table == NULL) {
        shadow_init(&run->shadow, LIVE_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    begin_run(&whole, (struct input){bytes, bytes + size});
    begin_run(&handler, (struct input){bytes, bytes});
    whole.handler = &handler;
    handler.may_be_refused = true;           /* also by what it has interrupted */
    handler.shadow.created = UINT32_MAX / 2; /* its patterns are others */
    heap_reset();
    run_input(&whole);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    image_take();
    return 0;
}
