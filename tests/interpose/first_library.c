/*
 * A library whose constructor makes the first request of the process, a large one, before libma's own constructor.
 *
 * With check=2 that block, too, has exactly the bytes that were asked for.
 */
#include "expect.h"

#include <malloc.h>

enum { SIZE = 100000 };

static __attribute__((constructor(101))) void allocate_first(void)
{
    expect_libma();
    void *payload = FIRST_REQUEST;
    EXPECT(payload != NULL && malloc_usable_size(payload) == SIZE);
    free(payload);
    if (expect_failures != 0) {
        _exit(expect_status());
    }
}
