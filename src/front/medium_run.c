/*
 * Runs: blocks that a thread releases, each next to the one before, and that go back to the core as one.
 */
#include "front/medium.h"

#include "core/cores.h"

/* What the run holds is no longer cached. */
static struct medium_run end_run(struct medium *medium)
{
    struct medium_run run = medium->run;
    __atomic_store_n(&medium->run.count, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&medium->run.bytes, 0, __ATOMIC_RELAXED);
    return run;
}

void medium_give_run(struct medium *medium)
{
    if (medium->run.count > 0) {
        struct medium_run run = end_run(medium);
        for (struct mem_block *b = run.start; b < run.end; b = mb_next(b)) {
            medium_unmark(b);
        }
        cores_free_run(space_segment_of(run.start)->core, mb_payload(run.start), run.count);
    }
}

struct object *medium_take_run(struct medium *medium, struct object *chain)
{
    if (medium->run.count > 0) {
        struct medium_run run = end_run(medium);
        for (struct mem_block *b = run.start; b < run.end; b = mb_next(b)) {
            struct object *payload = medium_unmark(b);
            payload->next = chain;
            chain = payload;
        }
    }
    return chain;
}

/* Make the used block `b`, of `size` bytes, the next of the run, at its begin or its end. */
static void run_add(struct medium_run *run, struct mem_block *b, size_t size)
{
    struct object *payload = mb_payload(b);
    payload->next = NULL;
    object_set_block_mark(payload);
    /* What is of the run has a mark: see medium_salvage(). */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (b == run->end) {
        run->end = mb_at(b, size);
    } else {
        run->start = b;
    }
    __atomic_store_n(&run->count, run->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&run->bytes, run->bytes + size, __ATOMIC_RELAXED);
}

/* A block that does not lie next to the last one is probably none of many that do. */
bool medium_release(struct medium *medium, struct mem_block *b, size_t size, size_t limit)
{
    struct medium_run *run = &medium->run;
    bool is_neighbour = b == run->end || mb_at(b, size) == run->start;
    if (!is_neighbour || run->count == MEDIUM_RUN_COUNT ||
        run->bytes + size > bits_min(limit, MEDIUM_RUN_BYTES)) {
        medium_give_run(medium);
        run->start = b;
        run->end = mb_at(b, size);
        return false;
    }
    if (run->count == 0) {
        run->end = b;
        run->start = b;
    }
    run_add(run, b, size);
    return true;
}
