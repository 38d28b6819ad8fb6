/*
 * The figures of the heap as a whole, while releases are put off and a signal handler allocates.
 */
#include "base/options.h"
#include "core/core_locked.h"
#include "core/cores.h"
#include "core/shards.h"
#include "ma.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

static void *of_handler;

static void allocate_in_handler(void)
{
    of_handler = ma_malloc(16 * MIB);
}

/* A thread that has moved to another shard releases a block of its first one, from within the new one. */
static void put_off_release(void *payload)
{
    struct ma_core *core = &shard_home()->cores[0];
    assert_ptr_not_equal(cores_owner_of(payload), core);
    core_enter(core);
    ma_free(payload);
    core_leave(core);
}

/* The system is called when what was put off is carried out, which is while the figures are taken. */
static void figures_add_up_though_a_handler_allocates_meanwhile(void **state)
{
    (void)state;
    enum { CALLS_MAX = 12, BLOCK_COUNT = 24 };
    static void *blocks[CALLS_MAX][BLOCK_COUNT];
    options.dirty_max = 0;
    cores_set_limit(2);
    for (size_t call = 0; call < CALLS_MAX; call++) {
        for (size_t i = 0; i < BLOCK_COUNT; i++) {
            blocks[call][i] = ma_malloc(100000 + i);
        }
    }
    __atomic_store_n(&shard_home()->cores[0].is_crowded, true, __ATOMIC_RELAXED);
    void *wall = ma_malloc(MIB);
    for (size_t call = 0; call < CALLS_MAX; call++) {
        for (size_t i = 0; i < BLOCK_COUNT; i++) {
            put_off_release(blocks[call][i]);
        }
        of_handler = NULL;
        fake_os_interrupt(call, allocate_in_handler);
        struct ma_stats stats;
        ma_stats(&stats);
        fake_os_interrupt(0, NULL);
        assert_int_equal(stats.break_bytes + stats.mmap_bytes,
                         stats.live_bytes + stats.free_bytes + stats.overhead_bytes);
        ma_free(of_handler);
    }
    ma_free(wall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_add_up_though_a_handler_allocates_meanwhile),
    };
    return cmocka_run_group_tests(tests, fake_os_setup, NULL);
}
