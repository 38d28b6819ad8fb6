/*
 * A system whose pages are larger than 4 KiB: what it does it does with whole pages of its own, and the heap asks for no less. The
 * pretended system fails the test where it does.
 */
#include "base/options.h"
#include "check/checked.h"

#include "support/core_fixture.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

enum { PAYLOADS = 64, TURNS = 4000 };

static struct payload {
    char *bytes;
    size_t size;
} payloads[PAYLOADS];

/* A heap without any payload, all of whose free pages go back at once. */
static struct ma_core *restart(void **state, size_t page_size)
{
    fake_os_reset();
    fake_os_set_page_size(page_size);
    fixture_restart(state);
    options.dirty_max = 0;
    return core_of(state);
}

static int teardown(void **state)
{
    options.dirty_max = SIZE_MAX;
    return fixture_teardown(state);
}

static void let_go(struct ma_core *core, struct payload *p)
{
    if (p->bytes != NULL) {
        core_free(core, p->bytes);
        p->bytes = NULL;
    }
}

/* Resize one, or let one go and have another, which may be zeroed. */
static void replace(struct ma_core *core, struct payload *p, size_t size, unsigned kind)
{
    unsigned seed = (unsigned)(p - payloads);
    assert_true(p->bytes == NULL || payload_holds(p->bytes, p->size, p->size, seed));
    if (kind == 0 && p->bytes != NULL) {
        char *bytes = core_realloc(core, p->bytes, size);
        assert_non_null(bytes);
        assert_true(payload_holds(bytes, p->size, size < p->size ? size : p->size, seed));
        *p = (struct payload){bytes, size};
    } else {
        let_go(core, p);
        bool is_zeroed = kind == 1;
        char *bytes = is_zeroed ? core_alloc_zeroed(core, size) : core_alloc(core, size);
        assert_non_null(bytes);
        assert_true(!is_zeroed || payload_is_zero(bytes, size));
        *p = (struct payload){bytes, size};
    }
    payload_fill(p->bytes, p->size, seed);
}

static void release_all(struct ma_core *core)
{
    for (size_t i = 0; i < PAYLOADS; i++) {
        let_go(core, &payloads[i]);
    }
}

static void what_lives_stays_while_pages_come_and_go(void **state)
{
    const size_t page_sizes[] = {4 * KIB, 16 * KIB, 64 * KIB};
    for (size_t k = 0; k < COUNT_OF(page_sizes); k++) {
        struct ma_core *core = restart(state, page_sizes[k]);
        uint64_t random_state = 17;
        for (size_t turn = 0; turn < TURNS; turn++) {
            struct payload *p = &payloads[random_below(&random_state, PAYLOADS)];
            size_t bits = 5 + random_below(&random_state, 16);
            replace(core, p, 1 + random_below(&random_state, (size_t)1 << bits),
                    (unsigned)random_below(&random_state, 4));
        }
        assert_true(fake_os_purged() > MIB);
        assert_int_equal(fake_os_purged() % page_sizes[k], 0);
        release_all(core);
    }
}

static void a_large_payload_is_moved_by_its_whole_pages(void **state)
{
    const size_t page_sizes[] = {16 * KIB, 64 * KIB};
    for (size_t k = 0; k < COUNT_OF(page_sizes); k++) {
        struct ma_core *core = restart(state, page_sizes[k]);
        char *hole = alloc_walled(core, 8 * MIB);
        char *payload = alloc_walled(core, 2 * MIB);
        payload_fill(payload, 2 * MIB, 5);
        core_free(core, hole);
        char *grown = core_realloc(core, payload, 4 * MIB);
        assert_non_null(grown);
        assert_true(fake_os_moved() >= 2 * MIB - 2 * page_sizes[k]);
        assert_true(payload_holds(grown, 2 * MIB, 2 * MIB, 5));
        core_free(core, grown);
    }
}

/* Each step of the descriptors' table is of whole pages, too. */
static void a_heap_of_many_granules_is_described(void **state)
{
    struct ma_core *core = restart(state, 64 * KIB);
    for (size_t i = 0; i < 9; i++) {
        payloads[i].bytes = core_alloc(core, 20 * MIB);
        assert_non_null(payloads[i].bytes);
    }
    release_all(core);
}

static void a_guard_is_a_whole_page(void **state)
{
    const size_t page_sizes[] = {16 * KIB, 64 * KIB};
    for (size_t k = 0; k < COUNT_OF(page_sizes); k++) {
        struct ma_core *core = restart(state, page_sizes[k]);
        size_t room = 0;
        assert_true(checked_room(MA_ALIGNMENT, 1000, true, &room));
        char *payload = checked_make(core_alloc(core, room), MA_ALIGNMENT, 1000, true, 7);
        memset(payload, 1, 1000);
        assert_int_equal(fake_os_guarded() * 4 * KIB, page_sizes[k]);
        struct checked *c = checked_of(payload);
        void *base = checked_base(c);
        checked_retire(c);
        core_free(core, base);
        assert_int_equal(fake_os_guarded(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_lives_stays_while_pages_come_and_go, fixture_setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_large_payload_is_moved_by_its_whole_pages, fixture_setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_heap_of_many_granules_is_described, fixture_setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_guard_is_a_whole_page, fixture_setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
