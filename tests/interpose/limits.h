/*
 * Resource limits for the programs in this folder. Only soft limits are set, so that they can be lifted again.
 */
#ifndef TESTS_INTERPOSE_LIMITS_H
#define TESTS_INTERPOSE_LIMITS_H

#include "expect.h"

#include <sys/resource.h>

static inline void limits_set(__rlimit_resource_t resource, size_t bytes)
{
    struct rlimit limit;
    EXPECT(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    EXPECT(setrlimit(resource, &limit) == 0);
}

/* So much address space more than there is. What the heap reserves for its tables follows the limit: a few turns, and it
 * settles. */
static inline void limits_spare_address_space(size_t bytes)
{
    for (int turn = 0; turn < 4; turn++) {
        limits_set(RLIMIT_AS, expect_address_space() + bytes);
    }
}

static inline void limits_lift(__rlimit_resource_t resource)
{
    limits_set(resource, RLIM_INFINITY);
}

#endif
