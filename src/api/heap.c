/*
 * Start on first use, and the choice of a core.
 *
 * The first core serves everything, save calls that interrupt it: a signal handler
 * that allocates while its thread is inside the first core is served by the second,
 * and so on. A thread inside all of them gets NULL.
 *
 * No call may wait for what it interrupted, nor may two calls wait for each other. So
 * a thread enters a core only while it is inside all those before it: the further cores
 * then have one user at a time, and what a thread frees in another core than the one that
 * serves it is put off until that core is left next. Whoever looks at all cores shuts
 * them to others first, in their order.
 */
#include "api/heap.h"

#include "api/exit_report.h"
#include "api/fork.h"
#include "base/options.h"
#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ma_core cores[MA_CORE_COUNT];

static struct lock start_lock = {.rank = LOCK_RANK_START};

static bool has_started; /* atomic */

/* Nothing can be read before libc has set up its environment. */
static void read_options(void)
{
    static bool are_read;
    if (environ != NULL && !are_read) {
        are_read = true;
        options_parse(&options, secure_getenv("MA_OPTIONS"));
        exit_report_start();
    }
}

/*
 * Runs in the first thread that allocates, perhaps from the dynamic loader before any
 * constructor: nothing in here allocates or relies on one.
 */
static bool start_locked(void)
{
    if (!space_start()) {
        return false;
    }
    mb_key = os_entropy();
    read_options();
    for (int i = 0; i < MA_CORE_COUNT; i++) {
        core_init(&cores[i], i > 0);
    }
    /* A handler that interrupts the space cannot be given new memory, so there is some. */
    for (int i = 1; i < MA_CORE_COUNT; i++) {
        core_reserve(&cores[i]);
    }
    __atomic_store_n(&has_started, true, __ATOMIC_RELEASE);
    return true;
}

/* Where memory was refused, the next call tries again. */
static __attribute__((noinline, cold)) bool start_slow(void)
{
    if (lock_held_by_me(&start_lock)) {
        return false; /* a signal handler amid the start */
    }
    lock_acquire(&start_lock);
    bool is_first = !has_started;
    bool succeeds = !is_first || start_locked();
    lock_release(&start_lock);
    if (is_first && succeeds) {
        fork_start(); /* may allocate */
    }
    return succeeds;
}

static inline bool is_started(void)
{
    return __builtin_expect(__atomic_load_n(&has_started, __ATOMIC_ACQUIRE), 1) || start_slow();
}

/*
 * Where nothing has allocated yet when libraries are initialised, start then, before the
 * program's own constructors: our fork handlers are to be registered before theirs.
 * Where something did before libc was ready, from .preinit_array for instance, it is time
 * to read the options.
 */
static __attribute__((constructor(101))) void start_at_load(void)
{
    if (is_started()) {
        read_options();
    }
}

/* The number of the first core after all that this thread is inside. */
static int first_usable(void)
{
    int i = MA_CORE_COUNT;
    while (i > 0 && __builtin_expect(!core_is_entered(&cores[i - 1]), 1)) {
        i--;
    }
    return i;
}

/* The core that serves requests of this thread now; NULL if there is none. */
static struct ma_core *core_to_use(void)
{
    int i = is_started() ? first_usable() : MA_CORE_COUNT;
    return i < MA_CORE_COUNT ? &cores[i] : NULL;
}

void *heap_alloc(size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc(core, size) : NULL;
}

void *heap_alloc_zeroed(size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_zeroed(core, size) : NULL;
}

void *heap_alloc_aligned(size_t alignment, size_t size)
{
    struct ma_core *core = core_to_use();
    return core != NULL ? core_alloc_aligned(core, alignment, size) : NULL;
}

void heap_free(struct ma_core *core, void *payload)
{
    if (core == core_to_use()) {
        core_free(core, payload);
    } else {
        core_defer(core, payload);
    }
}

void *heap_realloc(struct ma_core *core, void *payload, size_t size)
{
    if (core == core_to_use()) {
        return core_realloc(core, payload, size);
    }
    size_t usable = core_usable_size(payload, "realloc");
    void *moved = heap_alloc(size);
    if (moved != NULL) {
        memcpy(moved, payload, usable < size ? usable : size);
        heap_free(core, payload);
    }
    return moved;
}

struct ma_core *heap_core_of(const void *address)
{
    struct segment *segment = space_segment_of(address);
    return segment != NULL ? segment->core : NULL;
}

bool heap_was_given_back(const void *address)
{
    return space_has_reached(address) && (const char *)address >= os_break();
}

int heap_each_core(int (*visit)(struct ma_core *core, void *context), void *context)
{
    if (!is_started()) {
        return 0;
    }
    int result = 0;
    int first = first_usable();
    heap_lend();
    for (int i = first; i < MA_CORE_COUNT && result == 0; i++) {
        result = visit(&cores[i], context);
    }
    heap_take_back();
    return result;
}

void heap_lend(void)
{
    for (int i = first_usable(); i < MA_CORE_COUNT; i++) {
        core_lend(&cores[i]);
    }
    space_lend();
}

void heap_take_back(void)
{
    space_take_back();
    for (int i = MA_CORE_COUNT - 1; i >= 0; i--) {
        core_take_back(&cores[i]);
    }
}
