/*
 * What a thread has cached, where the heap would grow.
 */
#include "ma.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 600, OTHER_COUNT = 50, OTHER_SIZE = 30000 };

static void *blocks[COUNT];

static void allocate_all(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = ma_malloc(3000 + 16 * (i % 250));
        assert_non_null(blocks[i]);
        memset(blocks[i], 0xa5, 3000);
    }
}

static void free_all(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        ma_free(blocks[i]);
    }
}

static size_t heap_bytes(void)
{
    struct ma_stats stats;
    ma_stats(&stats);
    return stats.break_bytes + stats.mmap_bytes;
}

static void *zeroed(size_t size)
{
    char *payload = ma_calloc(1, size);
    for (size_t i = 0; payload != NULL && i < size; i++) {
        assert_int_equal(payload[i], 0);
    }
    return payload;
}

/* Three megabytes are free; a half of that is asked for, in blocks that none of the cached ones holds. */
static void require_no_growth(void *(*allocate)(size_t size))
{
    void *others[OTHER_COUNT];
    for (int turn = 0; turn < 5; turn++) {
        allocate_all();
        free_all();
    }
    size_t before = heap_bytes();
    for (size_t i = 0; i < OTHER_COUNT; i++) {
        others[i] = allocate(OTHER_SIZE);
        assert_non_null(others[i]);
    }
    assert_int_equal(heap_bytes(), before);
    for (size_t i = 0; i < OTHER_COUNT; i++) {
        ma_free(others[i]);
    }
}

static void the_heap_does_not_grow_for_what_the_cache_can_give_back(void **state)
{
    (void)state;
    require_no_growth(ma_malloc);
}

static void nor_where_it_is_to_be_zero(void **state)
{
    (void)state;
    require_no_growth(zeroed);
}

/* Buffers that grow and shrink at random. */
static void nor_for_what_grows_by_realloc(void **state)
{
    (void)state;
    enum { BUFFERS = 200, TURNS = 20000, LEAST = 900, MOST = 262144 };
    static char *buffers[BUFFERS];
    static size_t sizes[BUFFERS];
    uint64_t random = 5;
    size_t live = 0;
    size_t most_live = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        size_t i = random_below(&random, BUFFERS);
        size_t size = random_below(&random, 3) != 0 ? LEAST + random_below(&random, 64)
                                                    : MOST - random_below(&random, MOST / 8);
        buffers[i] = ma_realloc(buffers[i], size);
        assert_non_null(buffers[i]);
        live = live - sizes[i] + size;
        most_live = live > most_live ? live : most_live;
        sizes[i] = size;
    }
    assert_true(heap_bytes() < most_live + most_live / 2);
    for (size_t i = 0; i < BUFFERS; i++) {
        ma_free(buffers[i]);
    }
}

/* The first 5,000 bytes are as they were written. */
static void assert_filled(const char *payload)
{
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(payload[i], 0x3c);
    }
}

static void what_shrinks_to_a_small_part_leaves_a_whole_block(void **state)
{
    (void)state;
    char *payload = ma_malloc(200000);
    memset(payload, 0x3c, 5000);
    char *small = ma_realloc(payload, 5000);
    assert_ptr_not_equal(small, payload);
    assert_filled(small);
    assert_ptr_equal(ma_malloc(200000), payload);
    ma_free(payload);
    ma_free(small);
}

static void what_grows_to_a_multiple_takes_a_cached_block(void **state)
{
    (void)state;
    char *payload = ma_malloc(5000);
    char *other = ma_malloc(100000);
    memset(payload, 0x3c, 5000);
    ma_free(other);
    char *large = ma_realloc(payload, 100000);
    assert_ptr_equal(large, other);
    assert_filled(large);
    assert_ptr_equal(ma_malloc(5000), payload);
    ma_free(payload);
    ma_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heap_does_not_grow_for_what_the_cache_can_give_back),
        cmocka_unit_test(nor_where_it_is_to_be_zero),
        cmocka_unit_test(nor_for_what_grows_by_realloc),
        cmocka_unit_test(what_shrinks_to_a_small_part_leaves_a_whole_block),
        cmocka_unit_test(what_grows_to_a_multiple_takes_a_cached_block),
    };
    return cmocka_run_group_tests(tests, fake_os_setup, NULL);
}
