/*
 * Checked blocks: where payload, redzone and guard page lie, and what is noticed.
 */
#include "check/checked.h"

#include "base/bits.h"
#include "support/core_fixture.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const size_t sizes[] = {0, 1, 8, 15, 16, 17, 100, 1000, 4095, 4096, 4097, 70000};
static const size_t alignments[] = {16, 32, 64, 256, 4096, 65536};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void *make(void **state, size_t alignment, size_t size, bool guard)
{
    size_t room = 0;
    assert_true(checked_room(alignment, size, guard, &room));
    void *base = core_alloc(core_of(state), room);
    assert_non_null(base);
    return checked_make(base, alignment, size, guard, 7);
}

static void drop(void **state, void *payload)
{
    struct checked *c = checked_of(payload);
    void *base = checked_base(c);
    checked_retire(c);
    core_free(core_of(state), base);
}

static void each_has_its_alignment_and_its_bytes(void **state, bool guard)
{
    for (size_t a = 0; a < COUNT_OF(alignments); a++) {
        for (size_t s = 0; s < COUNT_OF(sizes); s++) {
            char *payload = make(state, alignments[a], sizes[s], guard);
            assert_int_equal((uintptr_t)payload % alignments[a], 0);
            memset(payload, 0x7e, sizes[s]);
            struct checked *c = checked_of(payload);
            assert_non_null(c);
            assert_int_equal(c->size, sizes[s]);
            assert_int_equal(c->site, 7);
            checked_require(c, "test");
            checked_release(c);
            checked_fill(c);
            checked_require_untouched(c);
            drop(state, payload);
            assert_null(checked_of(payload));
        }
    }
}

static void payloads_have_their_alignment_and_their_bytes(void **state)
{
    each_has_its_alignment_and_its_bytes(state, false);
}

static void so_do_those_with_a_guard_page(void **state)
{
    each_has_its_alignment_and_its_bytes(state, true);
}

static void a_block_with_a_guard_page_ends_close_to_it(void **state)
{
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        char *payload = make(state, 16, sizes[s], true);
        assert_in_range((uintptr_t) - (uintptr_t)(payload + sizes[s]) % MA_PAGE, 0, 15);
        assert_true(fake_os_is_guarded(bits_align_up(payload + sizes[s], MA_PAGE)));
        drop(state, payload);
        assert_int_equal(fake_os_guarded(), 0);
    }
}

static void a_block_whose_guard_page_was_refused_is_served_and_released(void **state)
{
    fake_os_refuse_guards(true);
    char *payload = make(state, 16, 100, true);
    assert_int_equal(fake_os_guarded(), 0);
    fake_os_refuse_guards(false);
    checked_require(checked_of(payload), "test");
    drop(state, payload);
}

static void what_is_no_checked_block_is_not_taken_for_one(void **state)
{
    char *payload = make(state, 16, 1000, false);
    assert_null(checked_of(NULL));
    assert_null(checked_of(state));
    assert_null(checked_of(payload + 16));
    assert_null(checked_of(payload + 1));
    assert_null(checked_of((char *)checked_base(checked_of(payload))));
    drop(state, payload);
}

static void require_live(void *payload)
{
    checked_require(checked_of(payload), "free");
}

static void require_untouched(void *payload)
{
    checked_require_untouched(checked_of(payload));
}

static void each_byte_of_the_redzone_is_watched(void **state)
{
    char *payload = make(state, 16, 100, false);
    char *end = (char *)mb_next(mb_of_payload(checked_base(checked_of(payload)))) + 8;
    for (char *byte = payload + 100; byte < end; byte += 5) {
        *byte ^= 1;
        assert_aborts(require_live, payload, "write past the end of the block of 100 bytes");
        *byte ^= 1;
    }
    drop(state, payload);
}

/* What lies between the core's header and the block's own. */
static void watch_in_front(void **state, size_t alignment, bool guard)
{
    char *payload = make(state, alignment, 24, guard);
    struct checked *c = checked_of(payload);
    const char *first = (const char *)c - bits_min(c->lead - sizeof(*c) - 16, space_map.page_size);
    assert_true(first + 16 <= (const char *)c);
    for (char *byte = (char *)c - 1; byte >= first; byte -= 61) {
        *byte ^= 1;
        assert_aborts(require_live, payload, "write before the begin of the block of 24 bytes");
        *byte ^= 1;
    }
    checked_release(c);
    checked_fill(c);
    require_untouched(payload);
    *((char *)c - 3) ^= 1;
    assert_aborts(require_untouched, payload, "write before the begin of the block");
    drop(state, payload);
}

static void what_is_in_front_is_watched(void **state)
{
    watch_in_front(state, 4096, false);
    watch_in_front(state, 1 << 20, false);
    watch_in_front(state, 16, true);
}

static void each_byte_is_watched_after_the_release(void **state)
{
    char *payload = make(state, 64, 50, false);
    checked_release(checked_of(payload));
    checked_fill(checked_of(payload));
    for (size_t i = 0; i < 50; i += 7) {
        payload[i] ^= 1;
        assert_aborts(require_untouched, payload, "write after free: the block of 50 bytes");
        payload[i] ^= 1;
    }
    require_untouched(payload);
    drop(state, payload);
}

static void a_released_block_is_not_released_again(void **state)
{
    char *payload = make(state, 16, 50, false);
    checked_release(checked_of(payload));
    assert_aborts(require_live, payload, "double free: the block of 50 bytes is free already");
    drop(state, payload);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    size_t room;
    assert_false(checked_room(16, SIZE_MAX, false, &room));
    assert_false(checked_room(16, PTRDIFF_MAX, false, &room));
    assert_false(checked_room((size_t)1 << 62, PTRDIFF_MAX, true, &room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(payloads_have_their_alignment_and_their_bytes,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(so_do_those_with_a_guard_page, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_block_with_a_guard_page_ends_close_to_it, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_block_whose_guard_page_was_refused_is_served_and_released,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_checked_block_is_not_taken_for_one,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(each_byte_of_the_redzone_is_watched, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_in_front_is_watched, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(each_byte_is_watched_after_the_release, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_released_block_is_not_released_again, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
