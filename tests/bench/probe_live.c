#include "probe_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void live_start(struct live *live, size_t count)
{
    size_t bytes = count * sizeof(struct live_block);
    *live = (struct live){.count = count};
    live->blocks = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (live->blocks == MAP_FAILED) {
        fail("mmap");
    }
    memset(live->blocks, 0, bytes);
    live->baseline_kib = resident_kib();
}

void live_put(struct live *live, size_t place, size_t size)
{
    struct live_block *at = &live->blocks[place];
    free(at->block);
    live->bytes += size - at->size;
    *at = (struct live_block){NULL, size};
    if (size > 0) {
        at->block = allocate_touched(size);
        memset(at->block, (int)place, size);
    }
}

size_t live_sample(struct live *live)
{
    size_t now = resident_kib();
    size_t kib = now > live->baseline_kib ? now - live->baseline_kib : 0;
    size_t over_live = live->bytes > 0 ? kib * 1024 * 1000 / live->bytes : 0;
    live->peak_kib = kib > live->peak_kib ? kib : live->peak_kib;
    live->peak_over_live = over_live > live->peak_over_live ? over_live : live->peak_over_live;
    return kib;
}

void live_shuffle(struct live *live, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = rng_below(rng, i);
        struct live_block block = live->blocks[other];
        live->blocks[other] = live->blocks[i - 1];
        live->blocks[i - 1] = block;
    }
}

void live_print(struct live *live, const char *name)
{
    size_t kib = live_sample(live);
    printf("%s_kib=%zu live_kib=%zu %s_over_live=%.3f\n", name, kib, live->bytes / 1024, name,
           (double)kib * 1024 / (double)live->bytes);
}
