/*
 * A process without privileges locks all its memory, within its limit, and goes on to allocate.
 */
#include "expect.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { NOBODY = 65534, UNTRIED = 77, LEAST = 8 << 20 };

int main(void)
{
    free(malloc(10));
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max < LEAST) {
        return UNTRIED;
    }
    limit.rlim_cur = LEAST;
    EXPECT(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    if (getuid() == 0 && setuid(NOBODY) != 0) {
        return UNTRIED;
    }
    EXPECT(mlockall(MCL_CURRENT) == 0);
    EXPECT(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
    for (size_t size = 1; size < 1000000; size *= 3) {
        char *payload = malloc(size);
        EXPECT(payload != NULL);
        free(payload);
    }
    return expect_status();
}
