/*
 * Guarded samples: where they lie, and what is told of a wrong access.
 */
#include "check/sample.h"

#include "base/bits.h"
#include "base/config.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int setup(void **state)
{
    (void)state;
    fake_os_reset();
    sample_start();
    options.guard_sample = 1;
    return 0;
}

static void they_are_zero_and_aligned_and_end_in_their_page(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 16, 100, 4000, 4096};
    static const size_t alignments[] = {16, 64, 1024, 4096};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        for (size_t a = 0; a < COUNT_OF(alignments); a++) {
            char *payload = sample_alloc(alignments[a], sizes[s]);
            assert_non_null(payload);
            assert_true(sample_owns(payload));
            assert_int_equal((uintptr_t)payload % alignments[a], 0);
            assert_int_equal(sample_usable_size(payload, "test"), sizes[s]);
            for (size_t i = 0; i < sizes[s]; i++) {
                assert_int_equal(payload[i], 0);
            }
            memset(payload, 0x5e, sizes[s]);
            sample_free(payload, "free");
        }
    }
}

static void what_is_too_large_for_a_page_is_none(void **state)
{
    (void)state;
    assert_null(sample_alloc(16, MA_PAGE + 1));
    assert_null(sample_alloc(2 * MA_PAGE, 16));
    assert_false(sample_owns(state));
    assert_false(sample_owns(NULL));
}

static void there_is_an_end_to_them_and_the_oldest_page_is_used_first(void **state)
{
    (void)state;
    enum { ROOM = 1000 };
    static void *payloads[ROOM];
    size_t count = 0;
    while (count < ROOM && (payloads[count] = sample_alloc(16, 100)) != NULL) {
        count++;
    }
    assert_in_range(count, 100, ROOM - 1);
    sample_free(payloads[7], "free");
    sample_free(payloads[3], "free");
    char *a = sample_alloc(16, 100);
    char *b = sample_alloc(16, 100);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(sample_alloc(16, 100));
    sample_free(a, "free");
    sample_free(b, "free");
    for (size_t i = 0; i < count; i++) {
        if (i != 7 && i != 3) {
            sample_free(payloads[i], "free");
        }
    }
}

static void free_it(void *payload)
{
    sample_free(payload, "free");
}

static void a_second_free_is_refused(void **state)
{
    (void)state;
    char *payload = sample_alloc(16, 100);
    sample_free(payload, "free");
    assert_aborts(free_it, payload, "double free: the block of 100 bytes is free already");
}

static void an_address_inside_is_refused(void **state)
{
    (void)state;
    char *payload = sample_alloc(16, 100);
    assert_aborts(free_it, payload + 16, "no block begins there");
    sample_free(payload, "free");
}

static void a_write_beside_it_is_noticed_when_it_is_freed(void **state)
{
    (void)state;
    char *payload = sample_alloc(16, 100);
    char *page = bits_align_down(payload, MA_PAGE);
    char *beside = payload > page ? payload - 1 : payload + 100;
    *beside ^= 1;
    assert_aborts(free_it, payload, "write past the end of the block of 100 bytes");
    *beside ^= 1;
    sample_free(payload, "free");
}

static void explain(void *address)
{
    sample_explain(address);
}

static void told_of(const void *address, char *text, size_t room)
{
    capture_stderr(explain, (void *)address, text, room);
}

static void what_an_access_was_is_told(void **state)
{
    (void)state;
    char text[2000];
    char *payload = sample_alloc(16, 112);
    char *page = bits_align_down(payload, MA_PAGE);
    told_of(page + MA_PAGE + 5, text, sizeof(text));
    assert_non_null(strstr(text, "access past the end of a block"));
    assert_non_null(strstr(text, "behind the block of 112 bytes"));
    assert_null(strstr(text, "freed at"));
    told_of(page - 1, text, sizeof(text));
    assert_non_null(strstr(text, "access before a block"));
    sample_free(payload, "free");
    told_of(payload + 40, text, sizeof(text));
    assert_non_null(strstr(text, "access after free"));
    assert_non_null(strstr(text, "byte 40 of the block of 112 bytes"));
    assert_non_null(strstr(text, "freed at"));
    assert_false(sample_explain(state));
}

static int count_block(const struct ma_block *block, void *context)
{
    size_t *bytes = context;
    *bytes += block->usable;
    return 0;
}

static void the_live_ones_are_seen(void **state)
{
    (void)state;
    char *a = sample_alloc(16, 100);
    char *b = sample_alloc(16, 200);
    sample_free(a, "free");
    struct ma_stats stats = {0};
    sample_add_stats(&stats);
    assert_int_equal(stats.live_count, 1);
    assert_int_equal(stats.live_bytes, 200);
    size_t bytes = 0;
    assert_int_equal(sample_walk(count_block, &bytes), 0);
    assert_int_equal(bytes, 200);
    sample_free(b, "free");
}

static void about_one_in_so_many_is_due(void **state)
{
    (void)state;
    enum { SLOW = 20000, EVERY = 3200 };
    options.guard_sample = EVERY;
    size_t due = 0;
    for (size_t i = 0; i < SLOW; i++) {
        due += sample_is_due();
    }
    assert_in_range(due, SLOW * 32 / EVERY / 2, SLOW * 32 / EVERY * 2);
    options.guard_sample = 0;
    for (size_t i = 0; i < SLOW; i++) {
        assert_false(sample_is_due());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_zero_and_aligned_and_end_in_their_page),
        cmocka_unit_test(what_is_too_large_for_a_page_is_none),
        cmocka_unit_test(there_is_an_end_to_them_and_the_oldest_page_is_used_first),
        cmocka_unit_test(a_second_free_is_refused),
        cmocka_unit_test(an_address_inside_is_refused),
        cmocka_unit_test(a_write_beside_it_is_noticed_when_it_is_freed),
        cmocka_unit_test(what_an_access_was_is_told),
        cmocka_unit_test(the_live_ones_are_seen),
        cmocka_unit_test(about_one_in_so_many_is_due),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
