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

static inline void limits_lift(__rlimit_resource_t resource)
{
    limits_set(resource, RLIM_INFINITY);
}

#endif
