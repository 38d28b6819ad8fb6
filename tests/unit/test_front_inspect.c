/*
 * Looking at all slabs: the check and the figures. I10, I11.
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
#include <string.h>

static int result;

static void run_check(void *mine)
{
    result = front_check(mine);
}

/* The check gives this number (0: none), and says so in one line. */
static void assert_found(struct theap *mine, int invariant)
{
    char said[1024];
    char expected[64];
    capture_stderr(run_check, mine, said, sizeof(said));
    assert_int_equal(result, invariant);
    if (invariant == 0) {
        assert_string_equal(said, "");
        return;
    }
    snprintf(expected, sizeof(expected), "heap check: invariant I%d is broken at 0x", invariant);
    assert_non_null(strstr(said, expected));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void slabs_of_many_classes_are_found_sound(void **state)
{
    (void)state;
    void *objects[64];
    struct theap *mine = begin_thread();
    assert_found(mine, 0);
    for (size_t i = 0; i < 64; i++) {
        objects[i] = first_object(16 * (i + 1));
    }
    assert_found(mine, 0);
    for (size_t i = 0; i < 64; i++) {
        front_free(objects[i]);
        assert_found(mine, 0);
    }
}

/* Whichever of the slabs it is, and however many are in between. */
static void a_violation_in_any_slab_is_found(void **state)
{
    (void)state;
    const size_t sizes[] = {16,  48,  100, 160, 224,
                            300, 448, 600, 768, 1000}; /* each of another group */
    void *objects[10];
    struct theap *mine = begin_thread();
    for (size_t i = 0; i < 10; i++) {
        objects[i] = first_object(sizes[i]);
    }
    for (size_t i = 0; i < 10; i++) {
        struct slab *slab = slab_of(objects[i]);
        slab->free->mark++;
        assert_found(mine, 10);
        slab->free->mark--;
        slab_set_used(slab, 2);
        assert_found(mine, 11);
        slab_set_used(slab, 1);
    }
    assert_found(mine, 0);
    for (size_t i = 0; i < 10; i++) {
        front_free(objects[i]);
    }
}

static void a_violation_in_an_orphan_is_found_by_any_thread(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    void *object = first_object(64);
    struct slab *slab = slab_of(object);
    end_thread(heap);
    slab_set_used(slab, 7);
    assert_found(NULL, 11);
    assert_found(begin_thread(), 11);
    slab_set_used(slab, 1);
    assert_found(NULL, 0);
    front_free(object);
}

/* They change meanwhile. */
static void the_slabs_of_other_threads_are_left_out(void **state)
{
    (void)state;
    struct theap *other = begin_thread();
    void *object = first_object(64);
    struct slab *slab = slab_of(object);
    struct theap *mine = begin_thread();
    slab_set_used(slab, 7);
    assert_found(mine, 0);
    assert_found(NULL, 0);
    assert_found(other, 11);
    slab_set_used(slab, 1);
    become(other);
    front_free(object);
}

/* A use after free that hits the mark is found, one that hits the link as well. */
static void a_write_to_a_freed_object_is_found(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    struct object *a = first_object(64);
    struct object *b = front_malloc(64);
    front_free(b);
    front_free(a);
    struct object *next = a->next;
    memset(a, 0x41, sizeof(*a));
    assert_found(mine, 10);
    a->next = next;
    assert_found(mine, 10);
    a->mark = object_mark(a);
    assert_found(mine, 0);
}

/* ---- Figures ---- */

static size_t heap_bytes(void)
{
    struct space_usage usage = space_usage();
    return usage.break_bytes + usage.mmap_bytes;
}

static void assert_adds_up(const struct ma_stats *stats)
{
    assert_int_equal(stats->live_bytes + stats->free_bytes + stats->overhead_bytes, heap_bytes());
}

static void a_thread_heap_is_no_payload(void **state)
{
    (void)state;
    begin_thread();
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 0);
    assert_int_equal(stats.live_bytes, 0);
    assert_adds_up(&stats);
}

static void objects_are_counted_in_place_of_their_slab(void **state)
{
    (void)state;
    begin_thread();
    struct ma_stats before = front_stats();
    void *a = first_object(64);
    void *b = front_malloc(50);
    void *c = front_malloc(64);

    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 3);
    assert_int_equal(stats.live_bytes, 3 * 64);
    assert_adds_up(&stats);

    front_free(b);
    stats = front_stats();
    assert_int_equal(stats.live_count, 2);
    assert_int_equal(stats.live_bytes, 2 * 64);
    assert_adds_up(&stats);

    front_free(a);
    front_free(c);
    front_trim();
    stats = front_stats();
    assert_int_equal(stats.live_count, before.live_count);
    assert_int_equal(stats.live_bytes, 0);
    assert_adds_up(&stats);
}

static void what_others_have_freed_counts_as_free(void **state)
{
    (void)state;
    begin_thread();
    void *a = first_object(64);
    void *b = front_malloc(64);
    begin_thread();
    front_free(a);
    front_settle();
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 1);
    assert_int_equal(stats.live_bytes, 64);
    assert_adds_up(&stats);
    front_free(b);
}

static void orphans_count_like_others(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    void *a = first_object(64);
    end_thread(heap);
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 1);
    assert_int_equal(stats.live_bytes, 64);
    assert_adds_up(&stats);
    front_free(a);
}

static void a_full_slab_has_nothing_free(void **state)
{
    (void)state;
    static void *objects[OBJECTS_MAX];
    begin_thread();
    objects[0] = first_object(1024);
    struct ma_stats before = front_stats();
    size_t count = take_all(objects, 1, 1024);
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, count);
    assert_int_equal(stats.live_bytes, count * 1024);
    assert_int_equal(before.free_bytes - stats.free_bytes, (count - 1) * 1024);
    assert_adds_up(&stats);
    for (size_t i = 0; i < count; i++) {
        front_free(objects[i]);
    }
}

/* What was never handed out is one free piece; a free object behind it is one of its size. */
static void the_largest_free_piece_may_lie_in_a_slab(void **state)
{
    (void)state;
    begin_thread();
    void *a = first_object(1024);
    struct slab *slab = slab_of(a);
    struct ma_stats stats = {0};
    front_correct_stats(&stats);
    assert_int_equal(stats.largest_free, (size_t)(slab_capacity(slab) - slab_carved(slab)) * 1024);
    static void *objects[OBJECTS_MAX];
    size_t count = take_all(objects, 0, 1024);
    stats = (struct ma_stats){0};
    front_correct_stats(&stats);
    assert_int_equal(stats.largest_free, 0);
    front_free(a);
    stats = (struct ma_stats){0};
    front_correct_stats(&stats);
    assert_int_equal(stats.largest_free, 1024);
    for (size_t i = 0; i < count; i++) {
        front_free(objects[i]);
    }
}

static void cached_blocks_of_all_threads_count_as_free(void **state)
{
    (void)state;
    begin_thread();
    void *a = cores_alloc(3000);
    void *b = cores_alloc(5000);
    void *c = cores_alloc(7000);
    front_keep(mb_of_payload(a));
    begin_thread();
    front_keep(mb_of_payload(b));
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 1);
    assert_int_equal(stats.live_bytes, mb_usable(mb_of_payload(c)));
    assert_adds_up(&stats);
    cores_free(cores_owner_of(c), c);
}

static void the_figures_add_up_whatever_happens(void **state)
{
    (void)state;
    enum { TABLE = 300, THREADS = 3 };
    static void *table[TABLE];
    struct theap *heaps[THREADS];
    uint64_t random = 21;
    for (size_t i = 0; i < THREADS; i++) {
        heaps[i] = begin_thread();
    }
    for (int turn = 0; turn < 20000; turn++) {
        size_t thread = random_below(&random, THREADS);
        void **slot = &table[random_below(&random, TABLE)];
        become(heaps[thread]);
        if (*slot != NULL) {
            front_free(*slot);
            *slot = NULL;
        } else {
            *slot = front_malloc(16 * (1 + random_below(&random, 10)));
        }
        if (turn % 2000 == 0) {
            end_thread(heaps[thread]);
            heaps[thread] = begin_thread();
        }
        if (turn % 500 == 0) {
            struct ma_stats stats = front_stats();
            assert_adds_up(&stats);
            for (size_t i = 0; i < THREADS; i++) {
                assert_int_equal(front_check(heaps[i]), 0);
            }
        }
    }
    for (size_t i = 0; i < TABLE; i++) {
        if (table[i] != NULL) {
            front_free(table[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(slabs_of_many_classes_are_found_sound),
        FRONT_TEST(a_violation_in_any_slab_is_found),
        FRONT_TEST(a_violation_in_an_orphan_is_found_by_any_thread),
        FRONT_TEST(the_slabs_of_other_threads_are_left_out),
        FRONT_TEST(a_write_to_a_freed_object_is_found),
        FRONT_TEST(a_thread_heap_is_no_payload),
        FRONT_TEST(objects_are_counted_in_place_of_their_slab),
        FRONT_TEST(what_others_have_freed_counts_as_free),
        FRONT_TEST(orphans_count_like_others),
        FRONT_TEST(a_full_slab_has_nothing_free),
        FRONT_TEST(the_largest_free_piece_may_lie_in_a_slab),
        FRONT_TEST(cached_blocks_of_all_threads_count_as_free),
        FRONT_TEST(the_figures_add_up_whatever_happens),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
