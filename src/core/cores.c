/*
 * The process's cores, and which of them serves a call.
 *
 * The first core of a shard serves requests, save calls that interrupt it: a signal handler
 * that allocates while its thread is inside the first core is served by the second of the same
 * shard, and so on. A thread inside all of them gets NULL.
 *
 * No call may wait for what it interrupted, nor may two calls wait for each other. So
 * a thread that is inside no core may enter the first one of any shard; and it enters a further one only
 * while it is inside all those before it in the same shard, which then has one user at a time. What a thread
 * frees in a core that it may not enter is put off until that core is left next. Whoever looks at all cores shuts
 * them to others first, in their order; where it has interrupted itself in one shard, it does without those others
 * which it cannot have soon, lest two such threads wait for each other.
 */
#include "core/cores.h"

#include "core/shards.h"

#include <string.h>

void cores_start(void)
{
    shards_start();
}

void cores_set_limit(size_t limit)
{
    shards_set_limit(limit);
}

/* The last core of a shard that this thread is inside; NULL if there is none. */
static struct ma_core *last_entered(struct shard *shard)
{
    for (int i = MA_CORE_COUNT - 1; i >= 0; i--) {
        if (core_is_entered(&shard->cores[i])) {
            return &shard->cores[i];
        }
    }
    return NULL;
}

static __attribute__((noinline)) struct shard *find_entered_shard(void)
{
    for (size_t i = 0; i < shards_count(); i++) {
        if (last_entered(shard_number(i)) != NULL) {
            return shard_number(i);
        }
    }
    return NULL;
}

/* The shard that this thread is inside; NULL if there is none. */
static inline struct shard *entered_shard(void)
{
    return lock_may_be_inside_any() ? find_entered_shard() : NULL;
}

/* The core after all those of the shard that this thread is inside; NULL if there is none. */
static struct ma_core *next_to_enter(struct shard *shard)
{
    struct ma_core *core = last_entered(shard);
    return core == &shard->cores[MA_CORE_COUNT - 1] ? NULL : core + 1;
}

/* The core that serves requests of this thread now; NULL if there is none. */
static struct ma_core *core_to_use(void)
{
    struct shard *entered = entered_shard();
    if (entered != NULL) {
        return next_to_enter(entered);
    }
    return shards_count() > 0 ? &shard_home()->cores[0] : NULL;
}

/* Where memory is out: the core to ask after `core` had none, if `first` was asked first; NULL when all were. */
static struct ma_core *core_instead(const struct ma_core *core, const struct ma_core *first)
{
    if (first->lock.interrupts) {
        return NULL;
    }
    struct ma_core *other = &shard_after((const struct shard *)core)->cores[0];
    if (other == first) {
        return NULL;
    }
    return core_is_lost(other) ? core_instead(other, first) : other;
}

/* Whether this thread may enter the core now. */
static bool may_enter(const struct ma_core *core)
{
    struct shard *entered = entered_shard();
    return entered != NULL ? core == next_to_enter(entered)
                           : !core->lock.interrupts && !core_is_lost(core);
}

bool cores_are_entered(void)
{
    return entered_shard() != NULL;
}

/* Let the shards after the one of `first` serve a request, in turn. */
static MA_RARE void *serve_elsewhere(struct ma_core *first, const struct core_request *request)
{
    void *payload = NULL;
    for (struct ma_core *core = first;
         payload == NULL && (core = core_instead(core, first)) != NULL;) {
        payload = core_serve(core, request);
    }
    return payload;
}

/*
 * A shard grows only where no other has a block that fits: else each would have to hold what all need at times.
 * The top of the others does not count as one, or else all threads would go on meeting there.
 */
static void *serve(const struct core_request *request)
{
    struct ma_core *core = core_to_use();
    if (core == NULL) {
        return NULL;
    }
    if (request->source != CORE_GROWN || shards_count() == 1) {
        return core_serve(core, request);
    }
    struct core_request had = *request;
    had.source = CORE_HAD;
    void *payload = core_serve(core, &had);
    if (payload == NULL) {
        had.source = CORE_BELOW_TOP;
        payload = serve_elsewhere(core, &had);
    }
    if (payload == NULL && !core_is_lost(core)) { /* a handler may have forked meanwhile */
        payload = core_serve(core, request);
    }
    return payload != NULL ? payload : serve_elsewhere(core, request);
}

void *cores_alloc(size_t size)
{
    return serve(&(struct core_request){.size = size});
}

void *cores_alloc_below_top(size_t size, bool is_zeroed)
{
    return serve(
        &(struct core_request){.size = size, .source = CORE_BELOW_TOP, .is_zeroed = is_zeroed});
}

void *cores_alloc_run(size_t size, size_t *count)
{
    return serve(&(struct core_request){.size = size, .count = count});
}

void *cores_alloc_zeroed(size_t size)
{
    return serve(&(struct core_request){.size = size, .is_zeroed = true});
}

void *cores_alloc_aligned(size_t alignment, size_t size)
{
    struct core_request request = core_request_aligned(alignment, size);
    return serve(&request);
}

void *cores_alloc_aligned_below_top(size_t alignment, size_t size)
{
    struct core_request request = core_request_aligned(alignment, size);
    request.source = CORE_BELOW_TOP;
    return serve(&request);
}

void *cores_alloc_granule(struct written *written)
{
    struct core_request request = core_request_granule(written);
    return serve(&request);
}

void cores_free(struct ma_core *core, void *payload)
{
    if (may_enter(core)) {
        core_free(core, payload);
    } else {
        core_defer(core, payload);
    }
}

void cores_free_run(struct ma_core *core, void *payload, size_t count)
{
    if (may_enter(core)) {
        core_free_run(core, payload, count);
        return;
    }
    for (; count > 0; count--) {
        struct mem_block *next = mb_next(mb_of_payload(payload));
        core_defer(core, payload);
        payload = mb_payload(next);
    }
}

void *cores_realloc(struct ma_core *core, void *payload, size_t size)
{
    if (may_enter(core)) {
        void *resized = core_realloc(core, payload, size);
        if (resized != NULL || shards_count() == 1) {
            return resized;
        }
    }
    size_t usable = core_usable_size(payload, "realloc");
    void *moved = cores_alloc(size);
    if (moved != NULL) {
        memcpy(moved, payload, usable < size ? usable : size);
        cores_free(core, payload);
    }
    return moved;
}

/* One turn takes what belongs to the first payload's core, under one lock. */
void cores_free_chain(void *payload)
{
    while (payload != NULL) {
        struct ma_core *core = cores_owner_of(payload);
        if (may_enter(core)) {
            payload = core_free_chain(core, payload);
        } else {
            void *next = *(void **)payload;
            core_defer(core, payload);
            payload = next;
        }
    }
}

/* The sum of what `of` gives for the first core of each shard. */
static inline size_t sum_over_shards(size_t (*of)(const struct ma_core *core))
{
    size_t sum = 0;
    size_t count = shards_count();
    for (size_t i = 0; i < count; i++) {
        sum += of(&shard_number(i)->cores[0]);
    }
    return sum;
}

static size_t heap_bytes_of(const struct ma_core *core)
{
    return __atomic_load_n(&core->heap_bytes, __ATOMIC_RELAXED);
}

static size_t live_bytes_of(const struct ma_core *core)
{
    return __atomic_load_n(&core->live_bytes, __ATOMIC_RELAXED);
}

size_t cores_heap_bytes(void)
{
    return sum_over_shards(heap_bytes_of);
}

size_t cores_live_bytes(void)
{
    return sum_over_shards(live_bytes_of);
}

struct ma_core *cores_owner_of(const void *address)
{
    struct segment *segment = space_segment_of(address);
    return segment != NULL ? segment->core : NULL;
}

/* The core with this number, when those of all shards are counted in their order. */
static struct ma_core *core_number(size_t number)
{
    return &shard_number(number / MA_CORE_COUNT)->cores[number % MA_CORE_COUNT];
}

int cores_each(int (*visit)(struct ma_core *core, void *context), void *context)
{
    int result = 0;
    cores_lend();
    for (size_t i = 0; i < shards_count() * MA_CORE_COUNT && result == 0; i++) {
        if (lock_lent_to_me(&core_number(i)->lock)) {
            result = visit(core_number(i), context);
        }
    }
    cores_take_back();
    return result;
}

/* Shut the cores of a shard to others from `core` on. Only who is inside the first enters the rest. */
static void lend_from(const struct shard *shard, struct ma_core *core)
{
    for (; core < shard->cores + MA_CORE_COUNT; core++) {
        core_lend(core);
    }
}

void cores_lend(void)
{
    struct shard *entered = entered_shard();
    for (size_t i = 0; i < shards_count(); i++) {
        struct shard *shard = shard_number(i);
        struct ma_core *first = &shard->cores[0];
        if (shard == entered) {
            lend_from(shard, last_entered(shard) + 1);
        } else if (core_is_lost(first)) {
            continue;
        } else if (entered == NULL) {
            lend_from(shard, first);
        } else if (core_lend_within(first, MA_SHARD_PATIENCE)) {
            lend_from(shard, first + 1);
        }
    }
    space_lend();
}

/* The first so many of all cores. */
static void take_back_before(size_t number)
{
    while (number-- > 0) {
        core_take_back(core_number(number));
    }
}

bool cores_lend_within(unsigned milliseconds)
{
    size_t i = 0;
    for (; i < shards_count() * MA_CORE_COUNT; i++) {
        bool is_lost = core_is_lost(core_number(i - i % MA_CORE_COUNT));
        if (!is_lost && !core_lend_within(core_number(i), milliseconds)) {
            take_back_before(i);
            return false;
        }
    }
    if (!space_lend_within(milliseconds)) {
        take_back_before(i);
        return false;
    }
    return true;
}

void cores_take_back(void)
{
    space_take_back();
    take_back_before(shards_count() * MA_CORE_COUNT);
}

void cores_after_fork(void)
{
    const struct shard *entered = entered_shard();
    for (size_t i = 0; i < shards_count(); i++) {
        struct shard *shard = shard_number(i);
        if (shard != entered && !lock_lent_to_me(&shard->cores[0].lock)) {
            shard_abandon(shard);
        }
    }
}
