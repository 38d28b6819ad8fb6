/*
 * Several shards over a pretended system.
 */
#include "shards_fixture.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct ma_core *first_core(size_t shard)
{
    return &shard_number(shard)->cores[0];
}

size_t shard_of(const struct ma_core *core)
{
    for (size_t i = 0; i < shards_count(); i++) {
        if (core >= first_core(i) && core < first_core(i) + MA_CORE_COUNT) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t owner_of(const void *payload)
{
    return shard_of(cores_owner_of(payload));
}

size_t size_that_fits_nowhere(void)
{
    return front_stats().largest_free + MA_GRANULE;
}

size_t serving_shard(void)
{
    void *payload = cores_alloc(size_that_fits_nowhere());
    if (payload == NULL) {
        return SIZE_MAX;
    }
    struct ma_core *core = cores_owner_of(payload);
    cores_free(core, payload);
    core_trim(core, 0);
    return shard_of(core);
}

void crowd(size_t shard)
{
    __atomic_store_n(&first_core(shard)->is_crowded, true, __ATOMIC_RELAXED);
}

size_t open_shard(void)
{
    cores_set_limit(shards_count() + 1);
    crowd(serving_shard());
    return serving_shard();
}

void have_shards(size_t count)
{
    while (shards_count() < count) {
        open_shard();
    }
}

void move_to(size_t shard)
{
    cores_set_limit(shards_count());
    for (size_t at; (at = serving_shard()) != shard;) {
        crowd(at);
    }
}

void fill(void *payload, size_t size)
{
    memset(payload, 7, size);
}

bool is_filled(const void *payload, size_t size)
{
    const char *bytes = payload;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 7) {
            return false;
        }
    }
    return true;
}

static void *hold(void *context)
{
    struct holder *holder = context;
    lock_acquire(&holder->core->lock);
    __atomic_store_n(&holder->is_inside, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&holder->may_leave, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    lock_release(&holder->core->lock);
    return NULL;
}

void holder_begin(struct holder *holder, struct ma_core *core)
{
    *holder = (struct holder){.core = core};
    if (pthread_create(&holder->thread, NULL, hold, holder) != 0) {
        abort();
    }
    while (!__atomic_load_n(&holder->is_inside, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

void holder_end(struct holder *holder)
{
    __atomic_store_n(&holder->may_leave, true, __ATOMIC_RELEASE);
    pthread_join(holder->thread, NULL);
}
