/*
 * One input's run: what is left of the input, the model of the heap, and what the operations have in common.
 *
 * The operations are in requests.c (what programs ask for) and events.c (all else that happens to a heap);
 * fuzz_heap.c says which byte leads to which.
 */
#ifndef MA_TESTS_FUZZ_RUN_H
#define MA_TESTS_FUZZ_RUN_H

#include "input.h"
#include "model/shadow.h"

#include <stdbool.h>

#define LIVE_MAX ((size_t)16384)
#define LIVE_BYTES_MAX ((size_t)64 << 20)
#define WORK_MAX ((size_t)80 << 20)

struct run {
    struct input input;
    struct shadow shadow;      /* the blocks of all threads */
    const struct run *handler; /* what a signal handler has allocated */
    size_t operation;          /* number of the current one */
    size_t grant_at;           /* the operation before which refusals end */
    size_t work;               /* bytes so far: an input ends where it takes too long */
    bool may_be_refused;       /* memory was limited or refused at some time: NULL is no finding */
    bool loses_blocks; /* moves may lose their target, a block that is never released then */
    bool lacks_guards; /* guard pages were refused at some time */
};

/* End the process with a message: the fuzzer keeps the input. */
__attribute__((noreturn, format(printf, 2, 3))) void finding(const struct run *run,
                                                             const char *format, ...);

/* Verify each live block's contents, and that no two overlap. */
void verify_all(struct run *run);

/* Requests. */
void allocate_plain(struct run *run);
void allocate_zeroed(struct run *run);
void allocate_aligned(struct run *run);
void allocate_many(struct run *run);
void release_one(struct run *run);
void release_many(struct run *run);
void release_all(struct run *run);
void resize(struct run *run);
void resize_many(struct run *run);
void ask_for_too_much(struct run *run);
void look_at_one(struct run *run);

/* What may happen also while the running thread is interrupted. */
void trim(struct run *run);
void check_invariants(struct run *run);

/* Events that do not happen then. */
void switch_thread(struct run *run);
void end_thread(struct run *run);
void go_on_as_child(struct run *run);
void flush(struct run *run);
void reclaim(struct run *run);
void settle(struct run *run);
void pass_time(struct run *run);
void refuse_memory(struct run *run);
void move_break(struct run *run);
void race_break(struct run *run);
void limit_break(struct run *run);
void occupy(struct run *run);
void change_system(struct run *run);
void crowd(struct run *run);
void check_heap(struct run *run);
void compare_figures(struct run *run);

/* Compare what leaks=1 would tell at exit with the model. */
void compare_sites(struct run *run);

/* Let every thread pass on what it holds back, and compare the heap's figures with the model's. */
void settle_all(struct run *run);

#endif
