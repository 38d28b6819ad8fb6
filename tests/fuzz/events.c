/*
 * What happens to a heap besides requests: threads come and go, time passes, the system refuses, others take memory too.
 */
#include "run.h"

#include "api/heap.h"
#include "api/thread.h"
#include "base/bits.h"
#include "base/options.h"
#include "check/sample.h"
#include "check/sites.h"
#include "core/cores.h"
#include "core/shards.h"
#include "front/front.h"
#include "front/reclaim.h"
#include "front/registry.h"
#include "ma.h"
#include "pretended.h"
#include "support/fake_os.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE ((size_t)4096)

void switch_thread(struct run *run)
{
    pretended_run(input_byte(&run->input) % PRETENDED_COUNT);
}

void end_thread(struct run *run)
{
    (void)run;
    pretended_end();
}

/* What a child sees of the heap after fork(): as src/api/fork.c does it, with all locks in hand. */
void go_on_as_child(struct run *run)
{
    (void)run;
    registry_lend();
    cores_lend();
    cores_after_fork();
    cores_take_back();
    registry_take_back();
    registry_after_fork(thread_heap(), false);
    pretended_vanish();
}

void trim(struct run *run)
{
    ma_trim(input_byte(&run->input) << 12);
}

void flush(struct run *run)
{
    (void)run;
    heap_flush_caches();
}

void reclaim(struct run *run)
{
    (void)run;
    reclaim_all(thread_heap());
}

void settle(struct run *run)
{
    (void)run;
    front_settle();
}

/* Up to 4 seconds: all that decays does within one. */
void pass_time(struct run *run)
{
    fake_os_sleep(input_byte(&run->input) << 4);
}

/* The next request, or the one after it, and so on; or all for some operations. */
void refuse_memory(struct run *run)
{
    size_t kind = input_byte(&run->input);
    run->may_be_refused = true;
    if (kind % 2 == 0) {
        fake_os_refuse_one(kind / 2 % 16);
    } else {
        fake_os_refuse_from(kind / 2 % 4);
        run->grant_at = run->operation + 2 + kind / 8;
    }
}

/* Somebody else takes from the break, and gives it back at once where the second byte is odd. */
void move_break(struct run *run)
{
    intptr_t increment = (intptr_t)input_word(&run->input);
    run->may_be_refused = true;
    if (os_break_move(increment) != NULL && input_byte(&run->input) % 2 != 0) {
        os_break_move(-increment);
    }
}

void race_break(struct run *run)
{
    size_t count = input_byte(&run->input) % 4;
    run->may_be_refused = true;
    fake_os_race_break(count, (intptr_t)input_word(&run->input));
}

/* Up to 16 MiB; or, with 0, as far as it goes. */
void limit_break(struct run *run)
{
    size_t limit = input_byte(&run->input) << 16;
    run->may_be_refused = true;
    fake_os_limit_break(limit > 0 ? limit : FAKE_OS_BYTES);
}

/* Somebody else maps some pages within the heap's range, where there is room. */
void occupy(struct run *run)
{
    size_t offset = input_word(&run->input) % (FAKE_OS_BYTES / PAGE) * PAGE;
    size_t size = (input_byte(&run->input) % 16 + 1) * PAGE;
    run->may_be_refused = true;
    (void)os_map_at(fake_os_base() + offset, size);
}

void change_system(struct run *run)
{
    size_t kind = input_byte(&run->input);
    fake_os_refuse_shrink(kind % 2 != 0);
    fake_os_refuse_purge(kind / 2 % 2 != 0);
    fake_os_refuse_guards(kind / 12 % 2 != 0);
    run->lacks_guards |= kind / 12 % 2 != 0;
    fake_os_let_moves((enum os_move_result)(kind / 4 % 3));
    run->loses_blocks |= kind / 4 % 3 == OS_MOVE_LOST;
    run->may_be_refused |= run->loses_blocks;
}

/* The running thread has often waited for its core, and moves to another shard. */
void crowd(struct run *run)
{
    (void)run;
    if (shards_count() > 0) {
        __atomic_store_n(&shard_home()->cores[0].is_crowded, true, __ATOMIC_RELAXED);
    }
}

struct sum {
    size_t used_count;
    size_t bytes;
};

static int add_block(const struct ma_block *block, void *context)
{
    struct sum *sum = context;
    sum->used_count += block->is_used != 0;
    sum->bytes += block->size;
    return 0;
}

void check_invariants(struct run *run)
{
    if (ma_check() != 0) {
        finding(run, "the heap check fails");
    }
}

void check_heap(struct run *run)
{
    check_invariants(run);
    if (pretended_check() != 0) {
        finding(run, "a slab is broken");
    }
    verify_all(run);
}

/* Bytes of the samples' pages, which are no part of the heap's range. */
static size_t sample_bytes(const struct shadow *shadow)
{
    size_t bytes = 0;
    for (size_t i = 0; i < shadow->count; i++) {
        bytes += sample_owns(shadow->live[i].payload) ? PAGE : 0;
    }
    return bytes;
}

/* What the manual says of ma_stats(), whatever threads hold back. */
void compare_figures(struct run *run)
{
    struct ma_stats stats;
    struct sum sum = {0, 0};
    size_t taken = fake_os_taken();
    ma_stats(&stats);
    /* It may have started the heap, or released what was put off. */
    taken = bits_max(taken, fake_os_taken());
    taken += sample_bytes(&run->shadow) + sample_bytes(&run->handler->shadow);
    ma_walk(add_block, &sum);
    size_t heap = stats.break_bytes + stats.mmap_bytes;
    if (heap != stats.live_bytes + stats.free_bytes + stats.overhead_bytes) {
        finding(run, "the heap has %zu bytes: %zu live, %zu free, %zu overhead", heap,
                stats.live_bytes, stats.free_bytes, stats.overhead_bytes);
    }
    if (stats.free_bytes !=
        stats.cached_bytes + stats.dirty_bytes + stats.blank_bytes + stats.fragment_bytes) {
        finding(run, "%zu bytes are free: %zu cached, %zu dirty, %zu blank, %zu fragments",
                stats.free_bytes, stats.cached_bytes, stats.dirty_bytes, stats.blank_bytes,
                stats.fragment_bytes);
    }
    bool is_taken = heap <= taken || run->loses_blocks; /* and with them their pages */
    if (!is_taken || sum.bytes > heap) {
        finding(run, "the heap has %zu bytes, %zu in blocks; the system gave %zu", heap, sum.bytes,
                taken);
    }
    if (sum.used_count < run->shadow.count || stats.live_count < run->shadow.count) {
        finding(run, "%zu blocks are live, %zu in the walk, %zu in the model", stats.live_count,
                sum.used_count, run->shadow.count);
    }
}

/* Nothing is told where there was no room for the sites. */
void compare_sites(struct run *run)
{
    char text[64] = "";
    size_t count = run->shadow.count + run->handler->shadow.count;
    size_t bytes = run->shadow.usable + run->handler->shadow.usable;
    if (options.leaks == 0) {
        return;
    }
    int fd = memfd_create("sites", 0);
    sites_report(fd);
    bool has_text = pread(fd, text, sizeof(text) - 1, 0) > 0;
    close(fd);
    size_t told_bytes = 0;
    size_t told_count = 0;
    bool is_told = sscanf(text, "libma: leaks: %zu bytes in %zu", &told_bytes, &told_count) == 2;
    bool may_lack = !has_text && (run->may_be_refused || count == 0);
    bool is_right = is_told && told_bytes == bytes && told_count == count;
    if (!is_right && !may_lack) {
        finding(run, "%zu blocks of %zu bytes are live, and it is told '%s'", count, bytes, text);
    }
}

void settle_all(struct run *run)
{
    for (size_t i = 0; i < 2 * PRETENDED_COUNT; i++) {
        pretended_run(i % PRETENDED_COUNT); /* twice: what was passed on is taken in */
        front_settle();
    }
    struct ma_stats stats;
    for (int i = 0; i < 4; i++) {
        /* Enters each core, and so carries out the releases that were put off there; the system may be called for that, and a
         * signal come then, whose handler's releases are put off in turn. */
        ma_stats(&stats);
    }
    size_t count = run->shadow.count + run->handler->shadow.count;
    size_t usable = run->shadow.usable + run->handler->shadow.usable;
    bool is_right = stats.live_count == count && stats.live_bytes == usable;
    if (!is_right && !run->loses_blocks) {
        finding(run, "%zu blocks of %zu bytes are live, %zu of %zu in the model", stats.live_count,
                stats.live_bytes, count, usable);
    }
    struct sum sum = {0, 0};
    ma_walk(add_block, &sum);
    if (sum.used_count != count && !run->loses_blocks) {
        finding(run, "%zu blocks are live in the walk, %zu in the model", sum.used_count, count);
    }
}
