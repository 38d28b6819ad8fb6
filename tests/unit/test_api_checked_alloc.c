/*
 * Which blocks are checked ones, and what makes released ones leave the quarantine.
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

/* The heap starts with it, and with that the options are known. */
static void the_first_block_of_all_has_the_size_that_was_asked_for(void **state)
{
    (void)state;
    char *payload = ma_malloc(100001);
    assert_non_null(payload);
    assert_int_equal(ma_usable_size(payload), 100001);
    ma_free(payload);
}

static void a_released_block_is_not_used_again_at_once(void **state)
{
    (void)state;
    void *released = ma_malloc(1000);
    ma_free(released);
    void *next = ma_malloc(1000);
    assert_ptr_not_equal(next, released);
    ma_free(next);
}

static void a_request_that_nothing_could_serve_leaves_the_quarantine_alone(void **state)
{
    (void)state;
    struct ma_stats before;
    struct ma_stats after;
    ma_free(ma_malloc(1000000));
    ma_stats(&before);
    assert_null(ma_malloc((size_t)1 << 40));
    ma_stats(&after);
    assert_int_equal(after.free_bytes, before.free_bytes);
}

static void a_handler_that_the_cores_cannot_serve_leaves_the_quarantine_alone(void **state)
{
    (void)state;
    struct ma_stats before;
    struct ma_stats after;
    ma_free(ma_malloc(1000000));
    ma_stats(&before);
    for (size_t i = 0; i < MA_CORE_COUNT; i++) {
        core_enter(&shard_home()->cores[i]);
    }
    assert_null(ma_malloc(100000));
    for (size_t i = MA_CORE_COUNT; i-- > 0;) {
        core_leave(&shard_home()->cores[i]);
    }
    ma_stats(&after);
    assert_int_equal(after.free_bytes, before.free_bytes);
}

/* It lies in a core that serves handlers. */
static void what_a_handler_has_released_is_used_where_memory_is_out(void **state)
{
    (void)state;
    core_enter(&shard_home()->cores[0]);
    void *of_handler = ma_malloc(7000000);
    core_leave(&shard_home()->cores[0]);
    assert_ptr_not_equal(cores_owner_of(of_handler), &shard_home()->cores[0]);
    ma_free(of_handler);
    struct ma_stats before;
    struct ma_stats after;
    ma_stats(&before);
    fake_os_refuse_from(0);
    ma_free(ma_malloc(6000000));
    fake_os_refuse_from(SIZE_MAX);
    ma_stats(&after);
    assert_true(after.free_bytes > before.free_bytes || after.break_bytes < before.break_bytes);
}

static void where_memory_is_out_what_is_in_quarantine_is_used(void **state)
{
    (void)state;
    ma_free(ma_malloc(8000000));
    fake_os_refuse_from(0);
    void *next = ma_malloc(8000000);
    fake_os_refuse_from(SIZE_MAX);
    assert_non_null(next);
    ma_free(next);
}

static int setup(void **state)
{
    (void)state;
    fake_os_reset();
    options.check = 2;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_block_of_all_has_the_size_that_was_asked_for),
        cmocka_unit_test(a_released_block_is_not_used_again_at_once),
        cmocka_unit_test(a_request_that_nothing_could_serve_leaves_the_quarantine_alone),
        cmocka_unit_test(a_handler_that_the_cores_cannot_serve_leaves_the_quarantine_alone),
        cmocka_unit_test(what_a_handler_has_released_is_used_where_memory_is_out),
        cmocka_unit_test(where_memory_is_out_what_is_in_quarantine_is_used),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
