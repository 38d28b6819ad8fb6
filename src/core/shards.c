/*
 * Which shards there are, and which one serves a thread.
 *
 * The list of shards only grows, and is read without a lock. Who opens one waits for nobody: two
 * threads that find a core crowded at the same moment need one shard more, not two.
 */
#include "core/shards.h"

#include "core/core_locked.h"

#include "os/os.h"

struct shards shards;

static struct shard first;
static size_t limit;     /* atomic */
static size_t next_home; /* atomic */
static bool is_opening;  /* atomic; stays set in a child that was forked meanwhile */

static _Thread_local struct shard *home; /* NULL: none yet */

/* Requires: `*shard` is zeroed. */
static void add(struct shard *shard)
{
    for (int i = 0; i < MA_CORE_COUNT; i++) {
        core_init(&shard->cores[i], &shard->bins[i], i > 0);
    }
    /* A handler that interrupts the space cannot be given new memory, so there is some. */
    for (int i = 1; i < MA_CORE_COUNT; i++) {
        core_reserve(&shard->cores[i]);
    }
    size_t number = shards_count();
    shards.number[number] = shard;
    __atomic_store_n(&shards.count, number + 1, __ATOMIC_RELEASE);
}

void shards_start(void)
{
    add(&first);
}

void shards_set_limit(size_t most)
{
    __atomic_store_n(&limit, most < MA_SHARD_MAX ? most : MA_SHARD_MAX, __ATOMIC_RELAXED);
}

struct shard *shard_after(const struct shard *shard)
{
    size_t number = 0;
    while (shard_number(number) != shard) {
        number++;
    }
    return shard_number((number + 1) % shards_count());
}

void shard_abandon(struct shard *shard)
{
    for (int i = 0; i < MA_CORE_COUNT; i++) {
        lock_abandon(&shard->cores[i].lock);
    }
}

/* Zeroed memory for a shard; NULL if there is none. Its bins are many pages, of which few are
 * touched. */
static struct shard *new_shard(void)
{
    size_t size = bits_round_up(sizeof(struct shard), os_page_size());
    char *memory = os_reserve(size);
    if (memory != NULL && !os_commit(memory, size)) {
        os_unmap(memory, size);
        memory = NULL;
    }
    return (struct shard *)memory;
}

static bool may_open_another(void)
{
    return shards_count() < __atomic_load_n(&limit, __ATOMIC_RELAXED);
}

/*
 * One shard more; NULL where there are enough, or another thread is at it, or memory is out. It is made inside
 * the core `crowded`, so that one further on serves what interrupts this.
 */
static struct shard *open_another(struct ma_core *crowded)
{
    if (!may_open_another() || __atomic_exchange_n(&is_opening, true, __ATOMIC_ACQUIRE)) {
        return NULL;
    }
    core_enter(crowded);
    struct shard *opened = may_open_another() ? new_shard() : NULL;
    if (opened != NULL) {
        add(opened);
    }
    core_leave(crowded);
    __atomic_store_n(&is_opening, false, __ATOMIC_RELEASE);
    return opened;
}

static bool is_lost(const struct shard *shard)
{
    return core_is_lost(&shard->cores[0]);
}

static bool is_crowded(const struct shard *shard)
{
    return __atomic_load_n(&shard->cores[0].is_crowded, __ATOMIC_RELAXED);
}

/* The shards that can be entered, in turn; `old` only where there is no other. */
static struct shard *next_in_turn(struct shard *old)
{
    size_t begin = __atomic_fetch_add(&next_home, 1, __ATOMIC_RELAXED);
    size_t count = shards_count();
    for (size_t i = 0; i < count; i++) {
        struct shard *shard = shard_number((begin + i) % count);
        if (shard != old && !is_lost(shard)) {
            return shard;
        }
    }
    return old;
}

/* A home for a thread that has none, or whose own is lost or too crowded. */
static __attribute__((noinline)) struct shard *settle(struct shard *old)
{
    struct shard *opened = NULL;
    if (old != NULL && !is_lost(old)) {
        __atomic_store_n(&old->cores[0].is_crowded, false, __ATOMIC_RELAXED);
        opened = open_another(&old->cores[0]);
    }
    home = opened != NULL ? opened : next_in_turn(old);
    return home;
}

struct shard *shard_home(void)
{
    struct shard *shard = home;
    bool is_good = shard != NULL && !is_lost(shard) && !is_crowded(shard);
    return __builtin_expect(is_good, 1) ? shard : settle(shard);
}
