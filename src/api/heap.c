/*
 * Start on first use.
 */
#include "api/heap.h"

#include "api/checked_alloc.h"
#include "api/exit_report.h"
#include "api/fork.h"
#include "api/thread.h"
#include "base/options.h"
#include "check/sample.h"
#include "check/stack.h"
#include "check/trap.h"
#include "core/cores.h"
#include "front/reclaim.h"
#include "os/lock.h"
#include "os/os.h"

#include <sys/auxv.h>
#include <unistd.h>

static struct lock start_lock = {.rank = LOCK_RANK_START};

static bool has_started; /* atomic */

/* Not a constant: those lie in pages that a program which starts would not touch otherwise. */
static char name[] = "MA_OPTIONS=";

/* What MA_OPTIONS is set to; NULL where it is not, or in a set-user-ID program. Libc's function lies in such pages, too. */
static const char *setting(void)
{
    for (char **entry = environ; *entry != NULL && getauxval(AT_SECURE) == 0; entry++) {
        size_t i = 0;
        while (name[i] != '\0' && (*entry)[i] == name[i]) {
            i++;
        }
        if (name[i] == '\0') {
            return *entry + i;
        }
    }
    return NULL;
}

/* Nothing can be read before libc has set up its environment. */
static void read_options(void)
{
    static bool are_read;
    if (environ != NULL && !are_read) {
        are_read = true;
        const char *text = setting();
        if (text != NULL) {
            options_parse(&options, text);
        }
        options_settle(&options);
        if (checked_is_on()) {
            checked_start();
        }
        if (options.guard_sample != 0) {
            sample_start();
        }
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
    mb_key = os_entropy(OS_ENTROPY_SEALS);
    slab_key = os_entropy(OS_ENTROPY_SLABS);
    read_options();
    cores_start();
    thread_start();
    __atomic_store_n(&has_started, true, __ATOMIC_RELEASE);
    return true;
}

/* Where memory was refused, the next call tries again. */
static __attribute__((noinline)) bool start_slow(void)
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

bool heap_start(void)
{
    return is_started();
}

/* Where memory is limited, less of it is to stay dirty. */
static void bound_dirty(void)
{
    size_t limit = os_memory_limit();
    if (limit != SIZE_MAX && limit / MA_DIRTY_LIMIT_SHARE < options.dirty_max) {
        options.dirty_max = limit / MA_DIRTY_LIMIT_SHARE;
    }
}

/* What reports need is made ready: to take a stack for the first time loads a library. */
static void start_reports(void)
{
    if (options.leaks != 0 || options.guard_sample != 0) {
        stack_start();
    }
    if (options.check >= 3 || options.guard_sample != 0) {
        trap_start();
    }
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
        bound_dirty();
        cores_set_limit(options.shards != 0 ? options.shards : os_cpu_count());
        if (options.front == 0) {
            thread_close();
        }
        front_settle_speed();
        start_reports();
    }
}

bool heap_flush_caches(void)
{
    bool has_any = front_trim();
    return reclaim_all(thread_heap()) || has_any;
}

static int purge_core(struct ma_core *core, void *context)
{
    bool *has_any = context;
    *has_any |= core_trim(core, 0);
    return 0;
}

/*
 * Where memory is out for a request of `size` bytes: give back what can be, and tell whether there is reason to try
 * again. What is larger than all the heap has would not be served then either.
 */
static MA_RARE bool has_made_room(size_t size)
{
    if (!is_started() || size > cores_heap_bytes()) {
        return false;
    }
    bool has_any = heap_flush_caches();
    if (!cores_are_entered()) {
        cores_each(purge_core, &has_any);
    }
    return has_any;
}

/* Memory that nobody has touched is taken only when that which the thread has cached is of no use: else there would be both. Whether that
 * is so much that it is to leave first, where the heap has nothing else for `size` bytes. */
static bool has_touched(size_t size)
{
    size_t cached = front_cached_bytes();
    return cached >= size && cached >= MA_CACHE_FLUSH;
}

static void *alloc_touched_first(size_t size, bool is_zeroed)
{
    reclaim_dormant(thread_heap(), 0);
    if (has_touched(size)) {
        void *payload = cores_alloc_below_top(size, is_zeroed);
        if (payload != NULL) {
            return payload;
        }
        front_shed_cached(size);
    }
    return is_zeroed ? cores_alloc_zeroed(size) : cores_alloc(size);
}

void *heap_alloc(size_t size)
{
    void *payload = is_started() ? alloc_touched_first(size, false) : NULL;
    return payload == NULL && has_made_room(size) ? cores_alloc(size) : payload;
}

void *heap_alloc_run(size_t size, size_t *count)
{
    void *payload = *count > 1 && is_started() ? cores_alloc_run(size, count) : NULL;
    if (payload == NULL) {
        *count = 1;
        payload = heap_alloc(size);
    }
    return payload;
}

void *heap_alloc_zeroed(size_t size)
{
    void *payload = is_started() ? alloc_touched_first(size, true) : NULL;
    return payload == NULL && has_made_room(size) ? cores_alloc_zeroed(size) : payload;
}

static MA_RARE void *aligned_touched_first(size_t alignment, size_t size)
{
    if (has_touched(size)) {
        void *payload = cores_alloc_aligned_below_top(alignment, size);
        if (payload != NULL) {
            return payload;
        }
        front_shed_cached(size + alignment);
    }
    return cores_alloc_aligned(alignment, size);
}

void *heap_alloc_aligned(size_t alignment, size_t size)
{
    void *payload = is_started() ? aligned_touched_first(alignment, size) : NULL;
    return payload == NULL && has_made_room(size) ? cores_alloc_aligned(alignment, size) : payload;
}

/* What is cached leaves at once: it may be what the payload has room to grow into, where it lies. */
static void *realloc_touched_first(struct ma_core *core, void *payload, size_t size)
{
    if (size > mb_usable(mb_of_payload(payload)) && has_touched(size)) {
        front_shed_cached(size);
    }
    return cores_realloc(core, payload, size);
}

void *heap_realloc(struct ma_core *core, void *payload, size_t size)
{
    void *moved = realloc_touched_first(core, payload, size);
    return moved == NULL && has_made_room(size) ? cores_realloc(core, payload, size) : moved;
}

bool heap_was_given_back(const void *address)
{
    return space_has_reached(address) && (const char *)address >= os_break();
}
