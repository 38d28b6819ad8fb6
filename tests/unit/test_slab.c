/*
 * One slab: its layout, what is an object of it, how it is checked and walked. I10, I11.
 */
#include "front_fixture.h"

#include "support/expect_abort.h"
#include "support/fake_os.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_live(const struct slab *slab, const void *address)
{
    return granule_has_live(slab_granule(slab), address);
}

/* ---- Layout ---- */

static void a_slab_is_one_granule_full_of_objects(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slab = slab_create(c);
        size_t size = class_size(c);
        size_t end = slab_start(slab) + slab_capacity(slab) * size;
        assert_int_equal((uintptr_t)slab_memory(slab) % MA_GRANULE, 0);
        assert_ptr_equal(slab_at(slab_memory(slab)), slab);
        assert_ptr_equal(slab_at(slab_memory(slab) + MA_GRANULE - 1), slab);
        assert_int_equal(slab->size_class, c);
        assert_true(slab_start(slab) >= MA_CACHE_LINE);
        assert_true(end <= MA_GRANULE);
        assert_true(MA_GRANULE - end < size);
        slab_destroy(slab);
    }
}

/* Each object is aligned to what its size is a multiple of, up to two cache lines; in slabs at
 * several places, as each begins at an offset of its own. */
static void objects_are_as_aligned_as_their_size(void **state)
{
    (void)state;
    enum { SLABS = 5 };
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slabs[SLABS];
        size_t size = class_size(c);
        size_t unit = (size & -size) < SLAB_ALIGNMENT ? size & -size : SLAB_ALIGNMENT;
        for (size_t i = 0; i < SLABS; i++) {
            slabs[i] = slab_create(c);
            assert_int_equal((uintptr_t)(slab_memory(slabs[i]) + slab_start(slabs[i])) % unit, 0);
        }
        for (size_t i = 0; i < SLABS; i++) {
            slab_destroy(slabs[i]);
        }
    }
}

/* No class loses an object to the offset that its slab begins at. */
static void all_slabs_of_a_class_have_the_same_capacity(void **state)
{
    (void)state;
    enum { SLABS = 20 };
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slabs[SLABS];
        for (size_t i = 0; i < SLABS; i++) {
            slabs[i] = slab_create(c);
            assert_int_equal(slab_capacity(slabs[i]), (MA_GRANULE - MA_CACHE_LINE) / class_size(c));
        }
        for (size_t i = 0; i < SLABS; i++) {
            slab_destroy(slabs[i]);
        }
    }
}

/* ---- Carving ---- */

static void a_new_slab_has_carved_nothing(void **state)
{
    (void)state;
    struct slab *slab = slab_create(3);
    assert_null(slab->free);
    assert_int_equal(slab_carved(slab), 0);
    assert_int_equal(slab_used(slab), 0);
    assert_int_equal(slab_check(slab), 0);
    slab_destroy(slab);
}

static void carving_takes_about_a_page_at_a_time(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slab = slab_create(c);
        size_t before = 0;
        while (slab_carve(slab, 0)) {
            size_t count = slab_carved(slab) - before;
            assert_in_range(count, 1, (4096 + class_size(c)) / class_size(c));
            before = slab_carved(slab);
            assert_int_equal(length_of(slab->free), before);
        }
        assert_int_equal(slab_carved(slab), slab_capacity(slab));
        assert_int_equal(slab_check(slab), 0);
        slab_destroy(slab);
    }
}

/* Nothing behind what was carved has been written to: it need not be resident. */
static void what_is_not_carved_is_not_touched(void **state)
{
    (void)state;
    struct slab *slab = slab_create(class_of(64));
    char *uncarved = slab_memory(slab) + 2 * (size_t)4096;
    memset(uncarved, 0x55, MA_GRANULE - 2 * (size_t)4096);
    slab_carve(slab, 0);
    for (size_t i = 0; i < MA_GRANULE - 2 * (size_t)4096; i++) {
        assert_int_equal(uncarved[i], 0x55);
    }
    slab_destroy(slab);
}

static char *object_of(const struct slab *slab, size_t number)
{
    return slab_memory(slab) + slab_start(slab) + number * class_size(slab->size_class);
}

/* Take all that was carved now, objects `first` to `end`: in the order of their addresses, from any on, each once. */
static void assert_hands_out(struct slab *slab, size_t first, size_t end)
{
    const char *start = (char *)slab->free;
    const char *expected = start;
    for (size_t i = first; i < end; i++) {
        assert_ptr_equal(slab->free, expected);
        memset(slab_pop(slab), 0xa5, class_size(slab->size_class));
        expected += class_size(slab->size_class);
        expected = expected == object_of(slab, end) ? object_of(slab, first) : expected;
    }
    assert_ptr_equal(expected, start);
    assert_null(slab->free);
}

static void a_carved_slab_hands_out_all_objects(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c++) {
        struct slab *slab = slab_create(c);
        size_t before = 0;
        while (slab_carve(slab, 0)) {
            assert_hands_out(slab, before, slab_carved(slab));
            before = slab_carved(slab);
        }
        assert_int_equal(slab_used(slab), slab_capacity(slab));
        assert_int_equal(slab_check(slab), 0);
        slab_destroy(slab);
    }
}

/* Which object of a slab is handed out first when the process has this key. */
static size_t first_with_key(uint64_t key)
{
    uint64_t old_key = slab_key;
    slab_key = key;
    struct slab *slab = slab_create(class_of(16));
    slab_carve(slab, 0);
    size_t number = (size_t)((char *)slab->free - object_of(slab, 0)) / 16;
    slab_destroy(slab);
    slab_key = old_key;
    return number;
}

/* All of a page's objects come to be the first. */
static void nobody_can_tell_which_object_comes_first(void **state)
{
    (void)state;
    size_t seen[256] = {0};
    size_t different = 0;
    for (size_t i = 0; i < 4096; i++) {
        size_t number = first_with_key((i + 1) * UINT64_C(0x9e3779b97f4a7c15));
        different += seen[number]++ == 0;
    }
    assert_true(different > 240);
}

/* ---- What is a live object ---- */

static void every_address_but_a_live_objects_is_refused(void **state)
{
    (void)state;
    for (size_t c = 1; c < CLASS_COUNT; c += c < 8 ? 1 : 7) {
        struct slab *slab = slab_create(c);
        bool is_taken[OBJECTS_MAX] = {false};
        slab_carve(slab, 0);
        size_t live = slab_carved(slab) / 2 + 1U;
        for (size_t i = 0; i < live; i++) {
            char *object = (char *)slab_pop(slab);
            is_taken[(size_t)(object - object_of(slab, 0)) / class_size(c)] = true;
            memset(object, 0xa5, class_size(c));
        }
        slab_carve(slab, 0);
        for (size_t offset = 0; offset <= MA_GRANULE - sizeof(struct object); offset++) {
            size_t behind = offset - slab_start(slab);
            bool expected = offset >= slab_start(slab) && behind % class_size(c) == 0 &&
                            behind / class_size(c) < OBJECTS_MAX &&
                            is_taken[behind / class_size(c)];
            if (is_live(slab, slab_memory(slab) + offset) != expected) {
                fail_msg("class %zu, offset %zu", c, offset);
            }
        }
        slab_destroy(slab);
    }
}

static void the_slab_of_an_address_is_found_while_it_has_an_owner(void **state)
{
    (void)state;
    int local = 0;
    begin_thread();
    char *object = first_object(100);
    void *block = cores_alloc(100);
    struct slab *slab = slab_of(object);

    assert_non_null(slab);
    assert_ptr_equal(slab_of(slab_memory(slab)), slab);
    assert_ptr_equal(slab_of(slab_memory(slab) + MA_GRANULE - 1), slab);
    assert_null(slab_of(block));
    assert_null(slab_of(&local));
    assert_null(slab_of(NULL));
    assert_null(slab_of((char *)space_map.base + (space_map.granule_count << MA_GRANULE_LOG2)));

    cores_free(cores_owner_of(block), block);
    front_free(object);
    end_thread(front_heap());
    reclaim_all(NULL);
    assert_null(slab_of(object));
}

struct address {
    struct slab *slab;
    char *address;
};

static void check_object(void *context)
{
    const struct address *a = context;
    slab_check_object(a->slab, a->address, "name");
}

static void a_refusal_says_what_is_wrong(void **state)
{
    (void)state;
    struct slab *slab = slab_create(class_of(48));
    slab_carve(slab, 0);
    char *live = (char *)slab_pop(slab);
    char *memory = slab_memory(slab);
    check_object(&(struct address){slab, live});
    memset(live, 0, 48);

    struct address interior = {slab, live + 16};
    struct address header = {slab, memory + 16};
    struct address uncarved = {slab, object_of(slab, slab_capacity(slab) - 1U)};
    struct address behind = {slab, object_of(slab, slab_capacity(slab))};
    struct address freed = {slab, (char *)slab->free};
    assert_aborts(check_object, &interior, "inside one of 48 bytes, or between blocks");
    assert_aborts(check_object, &header, "inside one of 48 bytes, or between blocks");
    assert_aborts(check_object, &behind, "inside one of 48 bytes, or between blocks");
    assert_aborts(check_object, &uncarved, "no block begins there: it was never allocated");
    assert_aborts(check_object, &freed, "double free: the block of 48 bytes is free already");
    slab_destroy(slab);
}

/* ---- Purging ---- */

/* A slab with all objects in use, full of `seed`. */
static struct slab *full_slab(size_t size_class, int seed)
{
    struct slab *slab = slab_create(size_class);
    while (slab_carve(slab, 0)) {
    }
    while (slab->free != NULL) {
        memset(slab_pop(slab), seed, class_size(size_class));
    }
    return slab;
}

static void free_object(struct slab *slab, void *object)
{
    struct object *o = object;
    o->mark = object_mark(o);
    o->next = slab->free;
    slab->free = o;
    slab_set_used(slab, slab_used(slab) - 1U);
}

static bool is_full_of(const char *object, size_t size, int seed)
{
    for (size_t i = 0; i < size; i++) {
        if (object[i] != seed) {
            return false;
        }
    }
    return true;
}

static void a_purge_leaves_only_the_pages_of_one_live_object(size_t page_size)
{
    const size_t classes[] = {1, 3, 5, 33, 64};
    for (size_t c = 0; c < COUNT_OF(classes); c++) {
        struct slab *slab = full_slab(classes[c], 0x41);
        size_t size = class_size(classes[c]);
        size_t capacity = slab_capacity(slab);
        char *kept = object_of(slab, capacity / 2);
        for (size_t i = 0; i < capacity; i++) {
            if (object_of(slab, i) != kept) {
                free_object(slab, object_of(slab, i));
            }
        }
        size_t before = fake_os_purged();

        assert_true(slab_purge(slab));

        assert_in_range(fake_os_purged() - before, MA_GRANULE - 3 * page_size,
                        MA_GRANULE - 2 * page_size);
        assert_int_equal(slab_check(slab), 0);
        assert_true(is_full_of(kept, size, 0x41));
        check_object(&(struct address){slab, kept});
        assert_false(slab_purge(slab));

        slab_restore(slab);

        assert_int_equal(slab_check(slab), 0);
        assert_true(is_live(slab, kept));
        size_t count = 0;
        for (; slab->free != NULL; count++) {
            slab_pop(slab);
        }
        assert_int_equal(count, capacity - 1);
        slab_destroy(slab);
    }
}

static void a_purge_leaves_only_the_pages_of_live_objects(void **state)
{
    (void)state;
    const size_t page_sizes[] = {16 * KIB, 4 * KIB};
    for (size_t i = 0; i < COUNT_OF(page_sizes); i++) {
        fake_os_set_page_size(page_sizes[i]);
        space_map.page_size = page_sizes[i];
        a_purge_leaves_only_the_pages_of_one_live_object(page_sizes[i]);
    }
}

static void what_lies_in_a_purged_page_is_refused(void **state)
{
    (void)state;
    struct slab *slab = full_slab(class_of(48), 0x41);
    size_t capacity = slab_capacity(slab);
    for (size_t i = 1; i < capacity; i++) {
        free_object(slab, object_of(slab, i));
    }
    slab_purge(slab);
    struct address in_purged = {slab, object_of(slab, capacity / 2)};
    struct address freed = {slab, object_of(slab, 1)};
    struct address interior = {slab, object_of(slab, capacity / 2) + 16};
    assert_aborts(check_object, &in_purged,
                  "double free: the block of 48 bytes was freed long ago");
    assert_aborts(check_object, &freed, "double free: the block of 48 bytes is free already");
    assert_aborts(check_object, &interior, "inside one of 48 bytes, or between blocks");
    slab_destroy(slab);
}

/* Also where some of them are on their way to the list, and where not all is carved yet. */
static void I10_a_slab_is_sound_and_its_live_objects_whole_after_any_purge(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int round = 0; round < 300; round++) {
        struct slab *slab = slab_create(1 + random_below(&random, CLASS_COUNT - 1));
        size_t size = class_size(slab->size_class);
        size_t pages = 1 + random_below(&random, SLAB_PAGE_COUNT);
        for (size_t i = 0; i < pages; i++) {
            slab_carve(slab, 0);
        }
        size_t carved = slab_carved(slab);
        while (slab->free != NULL) {
            memset(slab_pop(slab), 0x41, size);
        }
        size_t share = 1 + random_below(&random, 200);
        bool *is_used = calloc(carved, sizeof(*is_used));
        for (int turn = 0; turn < 3; turn++) {
            for (size_t i = 0; i < carved; i++) {
                if (turn == 0) {
                    is_used[i] = random_below(&random, share) == 0;
                }
                bool frees = turn == 0 ? !is_used[i] : is_used[i] && random_below(&random, 4) == 0;
                if (frees) {
                    is_used[i] = false;
                    free_object(slab, object_of(slab, i));
                }
            }
            slab_purge(slab);
            assert_int_equal(slab_check(slab), 0);
            for (size_t i = 0; i < carved; i++) {
                assert_true(!is_used[i] || is_full_of(object_of(slab, i), size, 0x41));
            }
        }
        slab_restore(slab);
        assert_int_equal(slab_check(slab), 0);
        free(is_used);
        slab_destroy(slab);
    }
}

/* ---- Life ---- */

static void a_destroyed_slab_is_the_cores_again(void **state)
{
    (void)state;
    size_t before = core_live_count();
    struct slab *slab = slab_create(1);
    assert_int_equal(core_live_count(), before + 1);
    char *memory = slab_memory(slab);
    slab_destroy(slab);
    assert_int_equal(core_live_count(), before);
    assert_null(slab_of(memory));
}

static void a_slab_that_memory_is_out_for_is_NULL(void **state)
{
    (void)state;
    use_up_memory();
    assert_null(slab_create(4));
    give_memory_back();
}

static void a_reused_slab_is_a_fresh_one_of_the_other_class(void **state)
{
    (void)state;
    struct slab *slab = slab_create(class_of(16));
    while (slab_carve(slab, 0)) {
    }
    slab_reuse(slab, class_of(1024));
    assert_int_equal(slab->size_class, class_of(1024));
    assert_int_equal(slab_capacity(slab), 63);
    assert_int_equal(slab_carved(slab), 0);
    assert_null(slab->free);
    slab_carve(slab, 0);
    assert_true(is_live(slab, slab_pop(slab)));
    assert_int_equal(slab_check(slab), 0);
    slab_destroy(slab);
}

/* ---- The checker ---- */

struct checked {
    struct slab *slab;
    int result;
};

static void run_check(void *context)
{
    struct checked *checked = context;
    checked->result = slab_check(checked->slab);
}

/* The check gives this number (0: none), and says so in one line. */
static void assert_found(struct slab *slab, int invariant)
{
    char said[1024];
    char expected[64];
    struct checked checked = {slab, -1};
    capture_stderr(run_check, &checked, said, sizeof(said));
    assert_int_equal(checked.result, invariant);
    if (invariant == 0) {
        assert_string_equal(said, "");
        return;
    }
    snprintf(expected, sizeof(expected), "heap check: invariant I%d is broken at 0x", invariant);
    assert_non_null(strstr(said, expected));
}

static struct object *live_objects[2];

/* Two live objects, the others of a page free. */
static struct slab *sound_slab(void)
{
    struct slab *slab = slab_create(class_of(80));
    slab_carve(slab, 0);
    for (int i = 0; i < 2; i++) {
        live_objects[i] = slab_pop(slab);
        memset(live_objects[i], 0x41 + i, 80);
    }
    assert_found(slab, 0);
    return slab;
}

static void I10_a_list_that_leads_astray_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    int local = 0;
    struct object *first = slab->free;
    void *wrong[] = {
        &local,
        slab_memory(slab),              /* the header */
        (char *)first + 16,             /* the middle of an object */
        (char *)first + 1,              /* nothing's */
        slab_memory(slab) + MA_GRANULE, /* another granule's */
        (void *)UINT64_C(0x4141414141414140),
    };
    struct object *second = first->next;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        slab->free = wrong[i];
        assert_found(slab, 10);
        slab->free = first;
        first->next = wrong[i];
        assert_found(slab, 10);
        first->next = second;
    }
    assert_found(slab, 0);
    slab_destroy(slab);
}

static void I10_an_object_that_is_listed_twice_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    struct object *first = slab->free;
    struct object *second = first->next;
    struct object *third = second->next;
    second->next = first; /* and the check ends */
    assert_found(slab, 10);
    second->next = second;
    assert_found(slab, 10);
    second->next = third;
    slab_remote(slab)->word = (uintptr_t)third | UINT64_C(1) << REMOTE_COUNT_SHIFT;
    assert_found(slab, 10); /* on both lists */
    slab_remote(slab)->word = 0;
    assert_found(slab, 0);
    slab_destroy(slab);
}

static void I10_a_free_object_that_was_written_to_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    struct object *second = slab->free->next;
    uintptr_t mark = second->mark;
    second->mark = 0;
    assert_found(slab, 10);
    second->mark = mark;
    assert_found(slab, 0);
    slab_destroy(slab);
}

static void I10_an_object_freed_by_others_that_was_written_to_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    struct object *live = live_objects[0];
    live->next = NULL;
    live->mark = object_mark(live);
    slab_remote(slab)->word = (uintptr_t)live | UINT64_C(1) << REMOTE_COUNT_SHIFT;
    assert_found(slab, 0);
    live->mark++;
    assert_found(slab, 10);
    live->mark--;
    live->next = (struct object *)((char *)live + 8);
    assert_found(slab, 10);
    slab_remote(slab)->word = 0;
    assert_found(slab, 0);
    slab_destroy(slab);
}

static void I11_a_wrong_count_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    slab_set_used(slab, 3);
    assert_found(slab, 11);
    slab_set_used(slab, 1);
    assert_found(slab, 11);
    slab_set_used(slab, 2);
    slab->free = slab->free->next; /* one object is lost */
    assert_found(slab, 11);
    slab_destroy(slab);
}

static void I11_a_wrong_count_of_objects_freed_by_others_is_found(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    struct object *live = live_objects[0];
    live->next = NULL;
    live->mark = object_mark(live);
    for (uint64_t count = 0; count < 4; count++) {
        slab_remote(slab)->word = (uintptr_t)live | count << REMOTE_COUNT_SHIFT;
        assert_found(slab, count == 1 ? 0 : 11);
    }
    slab_remote(slab)->word = 0;
    slab_destroy(slab);
}

/* A thread that vanished in a fork may have had an object in hand; the lists must be right still. */
static void I11_a_torn_slab_may_have_lost_objects(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    slab->is_torn = true;
    slab_set_used(slab, 3);
    assert_found(slab, 0);
    slab->free->mark++;
    assert_found(slab, 10);
    slab_destroy(slab);
}

/* ---- Walking ---- */

struct seen {
    size_t count;
    size_t used;
    size_t stop_at;
    struct ma_block blocks[OBJECTS_MAX + 1];
};

static struct seen seen;

static int note(const struct ma_block *block, void *context)
{
    (void)context;
    seen.blocks[seen.count++] = *block;
    seen.used += block->is_used != 0;
    return seen.count == seen.stop_at ? 77 : 0;
}

static void a_walk_visits_every_object_and_the_rest_as_one(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    seen = (struct seen){0};
    assert_int_equal(slab_walk(slab, note, NULL), 0);
    assert_int_equal(seen.count, slab_carved(slab) + 1U);
    assert_int_equal(seen.used, 2);
    const char *at = slab_memory(slab) + slab_start(slab);
    for (size_t i = 0; i < slab_carved(slab); i++, at += 80) {
        assert_ptr_equal(seen.blocks[i].payload, at);
        assert_int_equal(seen.blocks[i].size, 80);
        assert_int_equal(seen.blocks[i].usable, 80);
        bool is_live_one = at == (char *)live_objects[0] || at == (char *)live_objects[1];
        assert_int_equal(seen.blocks[i].is_used, is_live_one);
    }
    assert_ptr_equal(seen.blocks[seen.count - 1].payload, at);
    assert_int_equal(seen.blocks[seen.count - 1].size,
                     (size_t)(slab_capacity(slab) - slab_carved(slab)) * 80);
    assert_false(seen.blocks[seen.count - 1].is_used);
    slab_destroy(slab);
}

static void a_walk_over_a_slab_without_a_rest_visits_only_objects(void **state)
{
    (void)state;
    struct slab *slab = slab_create(1);
    while (slab_carve(slab, 0)) {
    }
    seen = (struct seen){0};
    assert_int_equal(slab_walk(slab, note, NULL), 0);
    assert_int_equal(seen.count, slab_capacity(slab));
    assert_int_equal(seen.used, 0);
    slab_destroy(slab);
}

static void a_walk_sees_what_others_have_freed_as_free(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    struct object *live = live_objects[0];
    live->next = NULL;
    live->mark = object_mark(live);
    slab_remote(slab)->word = (uintptr_t)live | UINT64_C(1) << REMOTE_COUNT_SHIFT;
    seen = (struct seen){0};
    slab_walk(slab, note, NULL);
    assert_int_equal(seen.used, 1);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.blocks[i].is_used, seen.blocks[i].payload == live_objects[1]);
    }
    slab_remote(slab)->word = 0;
    slab_destroy(slab);
}

static void a_walk_ends_where_the_visit_says_so(void **state)
{
    (void)state;
    struct slab *slab = sound_slab();
    for (size_t stop_at = 1; stop_at <= slab_carved(slab) + 1U; stop_at++) {
        seen = (struct seen){.stop_at = stop_at};
        assert_int_equal(slab_walk(slab, note, NULL), 77);
        assert_int_equal(seen.count, stop_at);
    }
    slab_destroy(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(a_slab_is_one_granule_full_of_objects),
        FRONT_TEST(objects_are_as_aligned_as_their_size),
        FRONT_TEST(all_slabs_of_a_class_have_the_same_capacity),
        FRONT_TEST(a_new_slab_has_carved_nothing),
        FRONT_TEST(carving_takes_about_a_page_at_a_time),
        FRONT_TEST(what_is_not_carved_is_not_touched),
        FRONT_TEST(a_carved_slab_hands_out_all_objects),
        FRONT_TEST(nobody_can_tell_which_object_comes_first),
        FRONT_TEST(every_address_but_a_live_objects_is_refused),
        FRONT_TEST(the_slab_of_an_address_is_found_while_it_has_an_owner),
        FRONT_TEST(a_refusal_says_what_is_wrong),
        FRONT_TEST(a_destroyed_slab_is_the_cores_again),
        FRONT_TEST(a_purge_leaves_only_the_pages_of_live_objects),
        FRONT_TEST(what_lies_in_a_purged_page_is_refused),
        FRONT_TEST(I10_a_slab_is_sound_and_its_live_objects_whole_after_any_purge),
        FRONT_TEST(a_slab_that_memory_is_out_for_is_NULL),
        FRONT_TEST(a_reused_slab_is_a_fresh_one_of_the_other_class),
        FRONT_TEST(I10_a_list_that_leads_astray_is_found),
        FRONT_TEST(I10_an_object_that_is_listed_twice_is_found),
        FRONT_TEST(I10_a_free_object_that_was_written_to_is_found),
        FRONT_TEST(I10_an_object_freed_by_others_that_was_written_to_is_found),
        FRONT_TEST(I11_a_wrong_count_is_found),
        FRONT_TEST(I11_a_wrong_count_of_objects_freed_by_others_is_found),
        FRONT_TEST(I11_a_torn_slab_may_have_lost_objects),
        FRONT_TEST(a_walk_visits_every_object_and_the_rest_as_one),
        FRONT_TEST(a_walk_over_a_slab_without_a_rest_visits_only_objects),
        FRONT_TEST(a_walk_sees_what_others_have_freed_as_free),
        FRONT_TEST(a_walk_ends_where_the_visit_says_so),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
