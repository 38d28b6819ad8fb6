/*
 * A core's requests and the filing of a block, as the tests want them most.
 */
#ifndef MA_TESTS_SUPPORT_CORE_ALLOC_H
#define MA_TESTS_SUPPORT_CORE_ALLOC_H

#include "core/bins.h"
#include "core/core.h"

static inline void *core_alloc(struct ma_core *core, size_t size)
{
    return core_serve(core, &(struct core_request){.size = size});
}

static inline void *core_alloc_zeroed(struct ma_core *core, size_t size)
{
    return core_serve(core, &(struct core_request){.size = size, .is_zeroed = true});
}

static inline void *core_alloc_aligned(struct ma_core *core, size_t alignment, size_t size)
{
    struct core_request request = core_request_aligned(alignment, size);
    return core_serve(core, &request);
}

/* File a free block of which nothing is known. */
static inline void bins_insert(struct bins *bins, struct mem_block *b)
{
    bins_insert_written(bins, b, written_all(b), false);
}

#endif
