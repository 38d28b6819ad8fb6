/*
 * A library that allocates in a constructor as early as can be, and releases in a destructor as late as can be.
 *
 * Its destructor decides over the status of the process that loaded it: see early.c.
 */
#include "expect.h"

enum { COUNT = 50 };

static void *payloads[COUNT];

static __attribute__((constructor(101))) void allocate_early(void)
{
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = malloc((size_t)i * 100);
        EXPECT(payloads[i] != NULL && expect_owned(payloads[i]));
        memset(payloads[i], i, (size_t)i * 100);
    }
}

static __attribute__((destructor(101))) void release_late(void)
{
    for (int i = 0; i < COUNT; i++) {
        EXPECT(expect_filled(payloads[i], i, (size_t)i * 100));
        payloads[i] = realloc(payloads[i], (size_t)i * 50 + 1);
        free(payloads[i]);
        void *fresh = calloc(1, 100000);
        EXPECT(fresh != NULL && expect_filled(fresh, 0, 100000));
        free(fresh);
    }
    EXPECT(expect_heap_check() == 0);
    void *ended = expect_symbol("early_ended");
    EXPECT(ended != NULL && *(int *)ended == 1);
    _exit(expect_status());
}
