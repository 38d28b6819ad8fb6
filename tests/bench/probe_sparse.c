/*
 * Large zeroed blocks of which one page is used: what does not get touched should cost nothing.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 << 20)
#define LIVE_COUNT 8
#define TURNS_DEFAULT 200

void probe_sparse(char **arguments)
{
    void *live[LIVE_COUNT] = {NULL};
    size_t turns = only_count(arguments, TURNS_DEFAULT);
    size_t before = resident_kib();
    double start = now_ns();
    for (size_t i = 0; i < turns; i++) {
        char **place = (char **)&live[i % LIVE_COUNT];
        free(*place);
        *place = calloc(1, BLOCK_BYTES);
        if (*place == NULL) {
            fail("calloc");
        }
        size_t page = i * 4096 * 37 % BLOCK_BYTES;
        if ((*place)[page] != 0) {
            reject("the block is not zero");
        }
        (*place)[page] = 1;
    }
    double us = (now_ns() - start) / 1e3 / (double)turns;
    size_t now = resident_kib();
    printf("resident_kib=%zu us=%.2f\n", now > before ? now - before : 0, us);
}
