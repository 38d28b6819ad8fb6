/*
 * The cores are static: they are too large for a stack, and a test has no allocator
 * that it may trust.
 */
#include "support/core_fixture.h"

#include "support/fake_os.h"

#include <stdio.h>
#include <string.h>

enum { CORE_COUNT = 2 };

static struct fixture {
    struct ma_core cores[CORE_COUNT];
    struct bins bins[CORE_COUNT];
    bool heap_is_broken;
} fixture;

static bool start(void)
{
    mb_key = UINT64_C(0x9d3f5c71a2e84b06);
    memset(fixture.cores, 0, sizeof(fixture.cores));
    memset(fixture.bins, 0, sizeof(fixture.bins));
    for (size_t i = 0; i < CORE_COUNT; i++) {
        core_init(&fixture.cores[i], &fixture.bins[i], i > 0);
    }
    return space_start();
}

int fixture_setup(void **state)
{
    fake_os_reset();
    fixture.heap_is_broken = false;
    *state = &fixture;
    return start() ? 0 : -1;
}

void fixture_restart(void **state)
{
    (void)state;
    if (!start()) {
        fprintf(stderr, "the space cannot be started anew\n");
    }
}

bool figures_add_up(const struct ma_stats *stats)
{
    struct space_usage usage = space_usage();
    return stats->live_bytes + stats->free_bytes + stats->overhead_bytes ==
           usage.break_bytes + usage.mmap_bytes;
}

static struct ma_stats figures_of_both(void)
{
    struct ma_stats stats = {0};
    for (size_t i = 0; i < CORE_COUNT; i++) {
        core_add_stats(&fixture.cores[i], &stats);
    }
    return stats;
}

int fixture_teardown(void **state)
{
    (void)state;
    if (fixture.heap_is_broken) {
        return 0;
    }
    for (size_t i = 0; i < CORE_COUNT; i++) {
        if (core_is_entered(&fixture.cores[i]) || core_check(&fixture.cores[i]) != 0) {
            return -1;
        }
    }
    struct ma_stats stats = figures_of_both();
    if (!figures_add_up(&stats)) {
        fprintf(stderr, "the cores' figures do not add up to what the space holds\n");
        return -1;
    }
    return 0;
}

struct ma_core *core_of(void **state)
{
    return &((struct fixture *)*state)->cores[0];
}

struct ma_core *second_core_of(void **state)
{
    return &((struct fixture *)*state)->cores[1];
}

void fixture_heap_is_broken(void **state)
{
    ((struct fixture *)*state)->heap_is_broken = true;
}

/* Bytes at both ends that are all written, and the distance of those in between: no
 * divisor of a page, so that each page has other ones. */
enum { DENSE = 64, SPARSE = 509 };

static size_t next_place(size_t place, size_t size)
{
    bool is_dense = place < DENSE || place + DENSE >= size;
    size_t next = place + (is_dense ? 1 : SPARSE);
    return !is_dense && next + DENSE > size ? size - DENSE : next;
}

static unsigned char byte_at(size_t place, unsigned seed)
{
    return (unsigned char)(1 + (place * 7 + (place >> 8) + seed * 31) % 255); /* never 0 */
}

void payload_fill(void *payload, size_t size, unsigned seed)
{
    unsigned char *bytes = payload;
    for (size_t i = 0; i < size; i = next_place(i, size)) {
        bytes[i] = byte_at(i, seed);
    }
}

bool payload_holds(const void *payload, size_t filled, size_t size, unsigned seed)
{
    const unsigned char *bytes = payload;
    for (size_t i = 0; i < filled && i < size; i = next_place(i, filled)) {
        if (bytes[i] != byte_at(i, seed)) {
            return false;
        }
    }
    return true;
}

bool payload_is_zero(const void *payload, size_t size)
{
    const char *bytes = payload;
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

struct ma_stats figures_of(struct ma_core *core)
{
    struct ma_stats stats = {0};
    core_add_stats(core, &stats);
    return stats;
}

size_t segment_count_of(struct ma_core *core)
{
    return figures_of(core).segment_count;
}

struct mem_block *tail_of(const struct ma_core *core)
{
    if (core->growing == NULL) {
        return NULL;
    }
    const struct mem_block *fence = segment_fence(core->growing);
    return mb_prev_is_used(fence) ? NULL : mb_prev(fence);
}

void *use_up_tail(struct ma_core *core)
{
    const struct mem_block *tail = tail_of(core);
    return core_alloc(core, mb_usable(tail));
}

void *alloc_walled(struct ma_core *core, size_t size)
{
    void *payload = core_alloc(core, size);
    core_alloc(core, 1);
    return payload;
}

/* The first look begins a window, or ends one in which the top was needed; at the end of the next
 * it goes. */
void core_age_top(struct ma_core *core)
{
    for (int i = 0; i < 2; i++) {
        fake_os_sleep(MA_TRIM_AGE);
        core_free(core, core_alloc(core, 1));
    }
}
