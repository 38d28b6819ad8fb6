/*
 * Several shards over a pretended system. They are the process's and stay open: a test opens those that
 * it needs and cannot do without those that tests before it have opened.
 */
#ifndef MA_TESTS_UNIT_SHARDS_FIXTURE_H
#define MA_TESTS_UNIT_SHARDS_FIXTURE_H

#include "core/shards.h"
#include "front_fixture.h"

#include <pthread.h>

/* The core of a shard that serves requests. */
struct ma_core *first_core(size_t shard);

/* The number of the shard that a core, or a payload, is of. */
size_t shard_of(const struct ma_core *core);
size_t owner_of(const void *payload);

/* More than any shard has free in one block: who is to serve it must grow. */
size_t size_that_fits_nowhere(void);

/* The shard that serves this thread. */
size_t serving_shard(void);

/* From now on threads are seen to wait for one another in this shard. */
void crowd(size_t shard);

/* Open one shard more, to which the calling thread moves; its number. */
size_t open_shard(void);

/* Open shards until there are so many. */
void have_shards(size_t count);

/* Have the calling thread served by that shard. */
void move_to(size_t shard);

/* Fill a payload with bytes; and whether all of them are there still. */
void fill(void *payload, size_t size);
bool is_filled(const void *payload, size_t size);

/* Another thread, which is inside a core until it is told to leave. */
struct holder {
    pthread_t thread;
    struct ma_core *core;
    bool is_inside; /* atomic */
    bool may_leave; /* atomic */
};

void holder_begin(struct holder *holder, struct ma_core *core);
void holder_end(struct holder *holder);

#endif
