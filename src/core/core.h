/*
 * The best-fit heap: one instance, its lock, and what can be asked of it.
 *
 * A core cuts its segments into blocks. It serves a request from the smallest free
 * block that holds it, splits off what is not needed, and merges a released block
 * with its free neighbours at once. It knows nothing of threads, of size classes
 * or of errno; what a request of 0 bytes means is for the API to say.
 *
 * Every function takes the core's lock within, but for core_defer(),
 * core_usable_size() and core_is_entered(), which are all that a thread that holds
 * it already (a signal handler that interrupted the core) may call: see cores.c.
 */
#ifndef MA_CORE_CORE_H
#define MA_CORE_CORE_H

#include "core/bins.h"
#include "core/space.h"
#include "ma.h"
#include "os/lock.h"

struct deferred;

struct ma_core {
    struct lock lock;
    struct bins *bins; /* constant after start; what is in them: core lock */
    /* Atomic: */
    struct deferred *deferred; /* payloads released by what interrupted the core */
    bool is_crowded;           /* threads wait for each other here: they had better go elsewhere */
    /* Core lock: */
    struct segment *segments; /* the newest first */
    struct segment *growing;  /* the one that is extended; NULL before the first */
    struct space_run reserve; /* see core_reserve() */
    char *populated;          /* of growing's blank top, what lies below has its pages */
    unsigned small_streak; /* requests of at most MA_POPULATE_BLOCK_MAX bytes since a larger one */
    size_t heap_bytes;     /* of all segments; atomic, as some look at it from outside */
    size_t live_bytes;     /* usable bytes of used blocks; atomic, as above */
    size_t peak_live_bytes;
    size_t recent_peak;    /* the most live bytes since `window_start` */
    size_t recent_low;     /* the fewest that there were where much of the top was free */
    uint64_t window_start; /* os_milliseconds(); 0 before the top was looked at first */
    uint64_t trimmed_at;   /* the same, when the top was given back last */
    size_t trimmed_bytes;  /* what went then, and did not come back */
    size_t regretted;      /* bytes of the top that were given back and needed again soon */
    size_t live_count;
    size_t allocate_count;
    size_t release_count; /* of the calls that looked whether to purge */
    size_t purge_due;     /* dirty bytes that are to go with the next releases */
    size_t purged_bytes;  /* since the start, as are: */
    size_t cleared_bytes; /* of zeroed requests, what was not known to be zero */
    bool is_purge_refused;
    size_t wait_window; /* `allocate_count` when the counting of waits began anew */
    size_t wait_count;
};

/* Set up a core without memory. `interrupts`: see lock_init(); such a core gives nothing
 * back to the system, lest who frees in it waits for the space's lock. Requires: `*core` and `*bins` are zeroed;
 * the bins are many pages, which stay untouched until they hold something. */
void core_init(struct ma_core *core, struct bins *bins, bool interrupts);

/* Set memory aside for one segment, which can then be had always. A core that interrupts does so again in the next call that
 * it serves, once that is used. False: memory is out. */
bool core_reserve(struct ma_core *core);

/* Where a core may take a block from. */
enum core_source {
    CORE_GROWN,     /* anywhere; it grows where nothing fits */
    CORE_HAD,       /* what it has */
    CORE_BELOW_TOP, /* what it has, but for the top: that has perhaps never been touched */
};

struct core_request {
    size_t size;       /* bytes of the payload, at most PTRDIFF_MAX */
    size_t block_size; /* 0: whatever the payload needs */
    size_t
        alignment; /* of what lies `offset` bytes into the block; a power of two, at most PTRDIFF_MAX */
    size_t offset;
    bool is_zeroed; /* all bytes are 0, else undefined; what was never used is not cleared again */
    enum core_source source;
    struct written *written; /* NULL, or where to tell what of the block may be other than zero */
    /* NULL: one block. Else how many are wanted, one behind the other, and then how many there are: as many as the best fit for the
     * first can hold. Not with an alignment, nor zeroed. */
    size_t *count;
};

/* The payload, 16-aligned at least; NULL when memory is out, or nothing fits in the source. */
void *core_serve(struct ma_core *core, const struct core_request *request);

static inline struct core_request core_request_aligned(size_t alignment, size_t size)
{
    return (struct core_request){.size = size, .alignment = alignment, .offset = MB_HEADER};
}

/* A block that is one granule: its header is at the granule's begin. */
static inline struct core_request core_request_granule(struct written *written)
{
    return (struct core_request){
        .block_size = MA_GRANULE, .alignment = MA_GRANULE, .written = written};
}

/* Release a payload that lies in a segment of this core. Aborts with a report where it
 * is not a live payload. */
void core_free(struct ma_core *core, void *payload);

/* The same for a chain of payloads, each of which begins with the address of the next, under one
 * lock, up to the first that is not of this core: it is returned, or NULL. */
void *core_free_chain(struct ma_core *core, void *payload);

/* As core_free() for `count` used blocks that lie one behind the other, of which `payload` is the first. They become free as one. */
void core_free_run(struct ma_core *core, void *payload, size_t count);

/* As core_free(), put off until some thread leaves the core. */
MA_RARE void core_defer(struct ma_core *core, void *payload);

/*
 * Change a payload's size to `size` bytes: in place, else by moving it down over a
 * free predecessor, else by allocating, copying and releasing.
 *
 * @return the payload, its contents kept up to the smaller size; NULL when memory
 *         is out, the old payload then unchanged.
 */
void *core_realloc(struct ma_core *core, void *payload, size_t size);

/* The first block and the fence of a segment. */
static inline struct mem_block *segment_first(const struct segment *segment)
{
    return (struct mem_block *)((char *)segment +
                                bits_round_up(sizeof(struct segment), MA_ALIGNMENT));
}

static inline struct mem_block *segment_fence(const struct segment *segment)
{
    return (struct mem_block *)(segment_end(segment) - MB_FENCE_SIZE);
}

/* Whether `b` can be the address of a block of `segment`, where that is not NULL: aligned, among its blocks. */
static inline bool segment_may_have(const struct segment *segment, const struct mem_block *b)
{
    return (uintptr_t)b % MA_ALIGNMENT == 0 && segment != NULL && b >= segment_first(segment) &&
           b < segment_fence(segment);
}

/* Whether `b` can be a block's address at all. */
static inline bool core_may_be_block(const struct mem_block *b)
{
    return segment_may_have(space_segment_of(b), b);
}

/* Abort with a report naming `caller`: what is wrong with a payload that has no used block with a sound header after it. */
__attribute__((noreturn, cold)) void core_refuse(const void *payload, const char *caller);

/* Whether a used block with a sound header begins at `b`. Needs no lock while it is used. */
static inline bool segment_has_used(const struct segment *segment, const struct mem_block *b)
{
    if (__builtin_expect(!segment_may_have(segment, b), 0)) {
        return false;
    }
    size_t head = mb_head(b);
    return mb_head_is_sealed(b, head) && (head & MB_USED) != 0;
}

/* The used block of `payload`, which lies in `segment`; aborts with a report, naming `caller`, where there is
 * none or the header after it was overwritten. Needs no lock while the block is used. */
static inline __attribute__((always_inline)) struct mem_block *
segment_block_of(const struct segment *segment, const void *payload, const char *caller)
{
    struct mem_block *b = mb_of_payload(payload);
    if (__builtin_expect(segment_has_used(segment, b), 1)) {
        if (__builtin_expect(mb_follows_used(mb_next(b)), 1)) {
            return b;
        }
    }
    core_refuse(payload, caller);
}

/* The same, in whichever segment the block's header lies, if in any. */
static inline struct mem_block *core_block_of(const void *payload, const char *caller)
{
    return segment_block_of(space_segment_of(mb_of_payload(payload)), payload, caller);
}

/* Make a live payload zero. Its pages may go back to the system for that. */
void core_clear(void *payload);

/* The bytes that may be written to a live payload. Takes no lock. Aborts with a
 * report where it is not one. `caller` names the function in the report. */
size_t core_usable_size(const void *payload, const char *caller);

/* Give the top back, but for `pad` bytes, and all whole pages in other free blocks. True when something was given back. */
MA_RARE bool core_trim(struct ma_core *core, size_t pad);

/* Add this core's figures to `*stats`; break, mmap and table are the space's. */
MA_RARE void core_add_stats(struct ma_core *core, struct ma_stats *stats);

/* ma_walk() over one core. */
int core_walk(struct ma_core *core, int (*visit)(const struct ma_block *, void *), void *context);

/* Check all invariants. 0, or the number of one that is broken, which a line on
 * stderr explains. */
int core_check(struct ma_core *core);

/* Whether the calling thread is inside this core. */
bool core_is_entered(const struct ma_core *core);

/* In a forked child: whether the thread that was inside it is gone, so that nobody may enter it. */
static inline bool core_is_lost(const struct ma_core *core)
{
    return lock_is_abandoned(&core->lock);
}

/* lock_acquire() and lock_lend(); and the reverse, where it was lent. Calls nest. */
MA_RARE void core_lend(struct ma_core *core);

/* The same with lock_acquire_within(); false where the lock was not to be had. */
MA_RARE bool core_lend_within(struct ma_core *core, unsigned milliseconds);

MA_RARE void core_take_back(struct ma_core *core);

#endif
