/*
 * Maps of live objects (check=1).
 */
#include "front/live_map.h"

#include "base/options.h"
#include "front_fixture.h"
#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static int teardown(void **state)
{
    int result = front_teardown(state);
    options.check = 0;
    return result;
}

static void begin_checked_thread(void)
{
    options.check = 1;
    begin_thread();
}

static void require_live(void *object)
{
    live_map_require(slab_of(object), object, "realloc");
}

static void clear(void *object)
{
    live_map_clear(slab_of(object), object, "free");
}

static void an_object_is_live_from_its_allocation_to_its_free(void **state)
{
    (void)state;
    begin_checked_thread();
    char *object = first_object(48);
    require_live(object);
    clear(object);
    assert_aborts(require_live, object, "realloc(");
    assert_aborts(clear, object, "double free: the block of 48 bytes is free already");
    live_map_set(slab_of(object), object);
    clear(object);
    front_free(object);
}

static bool is_live(const void *object)
{
    size_t number = (uintptr_t)object % MA_GRANULE / MA_ALIGNMENT;
    return (slab_of(object)->live_map[number / 64] >> (number % 64) & 1) != 0;
}

static void each_object_has_a_bit_of_its_own(void **state)
{
    (void)state;
    begin_checked_thread();
    static void *objects[OBJECTS_MAX];
    objects[0] = first_object(16);
    size_t count = take_all(objects, 1, 16);
    for (size_t i = 0; i < count; i++) {
        if (!is_live(
                objects[i])) { /* the fixture takes most by the fast path, which knows no map */
            live_map_set(slab_of(objects[i]), objects[i]);
        }
    }
    for (size_t i = 0; i < count; i += 2) {
        clear(objects[i]);
    }
    for (size_t i = 1; i < count; i += 2) {
        require_live(objects[i]);
        clear(objects[i]);
    }
    for (size_t i = 0; i < count; i++) {
        front_free(objects[i]);
    }
}

static void hand_out(void *object)
{
    live_map_set(slab_of(object), object);
}

static void an_object_that_is_live_is_not_handed_out(void **state)
{
    (void)state;
    begin_checked_thread();
    char *object = first_object(48);
    assert_aborts(hand_out, object, "corrupted free list: it leads to the live block of 48 bytes");
    clear(object);
    front_free(object);
}

static void a_map_is_no_block_of_the_programs(void **state)
{
    (void)state;
    begin_checked_thread();
    char *object = first_object(48);
    const struct slab *slab = slab_of(object);
    assert_non_null(slab->live_map);
    assert_true(live_map_is((char *)slab->live_map - 16));
    assert_false(live_map_is(object));
    assert_true(live_map_bytes(slab) >= MA_GRANULE / MA_ALIGNMENT / 8);
    assert_int_equal(front_stats().live_count, 1);
    clear(object);
    front_free(object);
}

/* Its block becomes a part of the free one before it: no links are written over its begin. */
static void what_was_a_map_is_none_once_it_was_given_back(void **state)
{
    (void)state;
    begin_checked_thread();
    char *object = first_object(48);
    struct slab *slab = slab_of(object);
    live_map_close(slab);
    void *walls[8]; /* fill the holes that the map would fit into */
    for (size_t i = 0; i < COUNT_OF(walls); i++) {
        walls[i] = cores_alloc(sizeof(struct object) + MA_GRANULE / MA_ALIGNMENT / 8);
    }
    void *before = cores_alloc(3000);
    live_map_open(slab);
    char *map = (char *)slab->live_map - 16;
    assert_ptr_equal(mb_next(mb_of_payload(before)), mb_of_payload(map));
    cores_free(cores_owner_of(before), before);

    live_map_close(slab);

    assert_false(live_map_is(map));
    for (size_t i = 0; i < COUNT_OF(walls); i++) {
        cores_free(cores_owner_of(walls[i]), walls[i]);
    }
    front_free(object);
}

static void without_the_option_there_is_no_map(void **state)
{
    (void)state;
    begin_thread();
    char *object = first_object(48);
    assert_null(slab_of(object)->live_map);
    assert_int_equal(live_map_bytes(slab_of(object)), 0);
    require_live(object);
    clear(object);
    clear(object);
    front_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_object_is_live_from_its_allocation_to_its_free, teardown),
        cmocka_unit_test_teardown(each_object_has_a_bit_of_its_own, teardown),
        cmocka_unit_test_teardown(an_object_that_is_live_is_not_handed_out, teardown),
        cmocka_unit_test_teardown(a_map_is_no_block_of_the_programs, teardown),
        cmocka_unit_test_teardown(what_was_a_map_is_none_once_it_was_given_back, teardown),
        cmocka_unit_test_teardown(without_the_option_there_is_no_map, teardown),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
