/*
 * A thread heap: which slab serves a class, when a slab goes back, what is held back for others.
 */
#include "front_fixture.h"

#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void *objects[4 * OBJECTS_MAX];

static void free_all(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        front_free(objects[i]);
    }
}

/* Objects enough for `count` slabs. */
static size_t fill_slabs(size_t size, size_t count)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        objects[taken++] = first_object(size);
        taken = take_all(objects, taken, size);
    }
    return taken;
}

/* Let time pass, and use the class a little, so that the heap looks at the clock. */
static void let_pass(size_t size, uint64_t milliseconds)
{
    fake_os_sleep(milliseconds);
    for (int i = 0; i < 200; i++) {
        struct theap *heap = front_enter();
        void *object = theap_refill(heap, size);
        front_leave(heap);
        front_free(object);
    }
}

/* ---- Memory that was used before ---- */

static void the_first_slab_of_a_class_gives_back_what_it_has_no_use_for_yet(void **state)
{
    (void)state;
    enum { SIZE = 48, SLABS = 3 };
    begin_thread();
    void *used_before = cores_alloc((SLABS + 1) * MA_GRANULE);
    void *behind = cores_alloc(24);
    release(used_before);
    size_t before = fake_os_purged();

    objects[0] = first_object(SIZE);

    assert_int_equal(slab_count(), 1);
    assert_int_equal(fake_os_purged() - before, MA_GRANULE - MA_PAGE);
    size_t taken = 1;
    while (slab_count() < SLABS) {
        objects[taken++] = front_malloc(SIZE);
    }
    assert_int_equal(fake_os_purged() - before, MA_GRANULE - MA_PAGE);
    free_all(0, taken);
    release(behind);
}

/* ---- Populating ---- */

/* Objects of the class fill new slabs until there are so many. Returns how many there are now. */
static size_t grow_to(size_t slabs, size_t size, size_t taken)
{
    while (slab_count() < slabs) {
        objects[taken++] = front_malloc(size);
    }
    return taken;
}

static void a_class_with_many_slabs_has_the_next_ones_populated(void **state)
{
    (void)state;
    enum { FEW = MA_SLAB_POPULATE_SHARE * MA_POPULATE_MIN / MA_GRANULE - 1, MANY = 40 };
    begin_thread();
    size_t taken = fill_slabs(1024, FEW);
    assert_int_equal(fake_os_populated(), 0);
    taken = grow_to(MANY, 1024, taken);
    assert_in_range(fake_os_populated(), (MANY - FEW) * MA_GRANULE / 2, (MANY - FEW) * MA_GRANULE);
    free_all(0, taken);
}

static void a_slab_that_another_class_has_used_is_not_populated_again(void **state)
{
    (void)state;
    enum { MANY = 40 };
    begin_thread();
    size_t taken = grow_to(MANY, 1024, fill_slabs(1024, 1));
    size_t before = fake_os_populated();
    free_all(0, taken);
    taken = grow_to(MANY, 512, fill_slabs(512, 1));
    assert_int_equal(fake_os_populated(), before);
    free_all(0, taken);
}

static void a_slab_of_memory_that_the_core_was_given_back_is_not_populated_again(void **state)
{
    (void)state;
    enum { MANY = 40 };
    begin_thread();
    size_t taken = grow_to(MANY, 1024, fill_slabs(1024, 1));
    size_t before = fake_os_populated();
    free_all(0, taken);
    front_trim();
    taken = grow_to(MANY, 1024, fill_slabs(1024, 1));
    assert_int_equal(fake_os_populated(), before);
    free_all(0, taken);
}

/* ---- A class earns its slab ---- */

static void the_first_requests_of_a_class_are_the_cores(void **state)
{
    (void)state;
    begin_thread();
    for (int i = 0; i < MA_WARM_COUNT; i++) {
        assert_null(front_malloc(40));
    }
    assert_int_equal(slab_count(), 0);
    objects[0] = front_malloc(40);
    assert_non_null(objects[0]);
    assert_int_equal(slab_count(), 1);
    assert_int_equal(slab_of(objects[0])->size_class, class_of(40));
    free_all(0, 1);
}

static void each_class_warms_up_by_itself(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(40);
    assert_null(front_malloc(60));
    assert_non_null(objects[1] = front_malloc(33)); /* as 40 */
    free_all(0, 2);
}

static void the_classes_of_a_group_share_a_slab(void **state)
{
    (void)state;
    begin_thread();
    for (size_t i = 0; i < 8; i++) {
        objects[i] = first_object(528 + 16 * i);
        assert_int_equal(slab_of(objects[i])->size_class, class_of(640));
    }
    assert_int_equal(slab_count(), 1);
    free_all(0, 8);
}

static void a_class_with_many_live_objects_has_slabs_of_its_own(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(640);
    size_t count = 1;
    while (count < 200 &&
           (count == 1 || slab_of(objects[count - 1])->size_class == class_of(640))) {
        objects[count++] = front_malloc(576);
    }
    assert_int_equal(slab_of(objects[count - 1])->size_class, class_of(576));
    assert_true(count >= MA_OWN_COUNT * SLAB_STEP / 640);
    objects[count] = front_malloc(640);
    assert_int_equal(slab_of(objects[count])->size_class, class_of(640));
    assert_int_equal(slab_count(), 2);
    free_all(0, count + 1);
}

static void classes_that_have_few_live_objects_in_turn_go_on_sharing(void **state)
{
    (void)state;
    begin_thread();
    for (size_t i = 0; i < 10000; i++) {
        objects[0] = first_object(528 + i % 8 * 16);
        free_all(0, 1);
    }
    assert_int_equal(slab_count(), 1);
}

/* Also those that had none of its objects lately. */
static void a_full_slab_serves_no_class_of_its_group(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(528);
    objects[1] = front_malloc(640);
    struct slab *slab = slab_of(objects[0]);
    size_t count = take_all(objects, 2, 640);
    objects[count++] = front_malloc(640);
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        assert_ptr_not_equal(heap->current[c], slab);
    }
    objects[count++] = front_malloc(528);
    assert_ptr_equal(slab_of(objects[count - 1]), slab_of(objects[count - 2]));
    free_all(0, count);
}

static void a_request_of_no_bytes_gets_an_object_of_its_own(void **state)
{
    (void)state;
    begin_thread();
    for (int i = 0; i < MA_WARM_COUNT; i++) {
        assert_null(front_malloc(0));
    }
    objects[0] = front_malloc(0);
    objects[1] = front_malloc(0);
    assert_int_equal(slab_of(objects[0])->size_class, 1);
    assert_ptr_not_equal(objects[0], objects[1]);
    free_all(0, 2);
}

static void a_thread_without_a_heap_is_served_by_the_core(void **state)
{
    (void)state;
    struct theap *const none[] = {THEAP_NONE, THEAP_BUSY, THEAP_OFF};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        become(none[i]);
        assert_null(front_malloc(40));
        assert_null(front_take(2000));
        assert_ptr_equal(front_heap(), none[i]);
    }
}

/* ---- Objects ---- */

static void all_objects_of_all_classes_are_distinct_and_large_enough(void **state)
{
    (void)state;
    begin_thread();
    size_t count = 0;
    for (size_t size = 16; size <= MA_SMALL_MAX; size += 16) {
        for (int i = 0; i < 20; i++) {
            objects[count] = first_object(size);
            memset(objects[count], (int)(count % 251), size);
            count++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes = objects[i];
        size_t size = 16 * (i / 20 + 1);
        for (size_t j = 0; j < size; j++) {
            assert_int_equal(bytes[j], i % 251);
        }
    }
    free_all(0, count);
}

static void the_last_freed_is_the_first_handed_out(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(40);
    objects[1] = front_malloc(40);
    front_free(objects[0]);
    front_free(objects[1]);
    assert_ptr_equal(front_malloc(40), objects[1]);
    assert_ptr_equal(front_malloc(40), objects[0]);
    free_all(0, 2);
}

/* ---- Full slabs ---- */

static void a_full_slab_is_followed_by_another(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(512, 1);
    struct slab *full = slab_of(objects[0]);
    objects[count] = front_malloc(512);
    assert_ptr_not_equal(slab_of(objects[count]), full);
    assert_int_equal(slab_count(), 2);
    free_all(0, count + 1);
}

/* Else every turn would end in the slow path: see GATHER_SHARE. */
static void a_full_slab_with_one_free_object_is_not_the_next_one_taken(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(64, 2);
    struct slab *first = slab_of(objects[0]);
    void *beyond = front_malloc(64);
    front_free(objects[0]);
    objects[0] = beyond;
    count = take_all(objects, count, 64);
    objects[count] = front_malloc(64);
    assert_ptr_not_equal(slab_of(objects[count]), first);
    free_all(0, count + 1);
}

static void a_full_slab_serves_again_when_it_has_gathered_free_objects(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(64, 1);
    struct slab *first = slab_of(objects[0]);
    objects[count] = front_malloc(64);
    count = take_all(objects, count + 1, 64);
    size_t gathered = slab_capacity(first) / 8U;
    free_all(0, gathered);
    for (size_t i = 0; i < gathered; i++) {
        objects[i] = front_malloc(64);
        assert_ptr_equal(slab_of(objects[i]), first);
    }
    assert_int_equal(slab_count(), 2);
    free_all(0, count);
}

/* Of several that may serve, each can become empty: the first listed, the last, one between. */
static void each_of_several_slabs_with_free_objects_can_be_emptied(void **state)
{
    (void)state;
    enum { SLABS = 4 };
    const size_t order[SLABS] = {1, 3, 0, 2};
    begin_thread();
    size_t count = fill_slabs(1024, SLABS);
    size_t capacity = count / SLABS;
    void *beyond = front_malloc(1024);
    for (size_t i = 0; i < SLABS; i++) {
        free_all(i * capacity, i * capacity + capacity / 2);
    }
    for (size_t i = 0; i < SLABS; i++) {
        free_all(order[i] * capacity + capacity / 2, (order[i] + 1) * capacity);
        assert_int_equal(front_check(front_heap()), 0);
    }
    assert_true(front_trim());
    assert_int_equal(slab_count(), 1);
    front_free(beyond);
}

/* ---- Empty slabs ---- */

static void a_current_slab_that_is_emptied_stays(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    struct slab *slab = slab_of(objects[0]);
    for (int i = 0; i < 10; i++) {
        front_free(objects[0]);
        objects[0] = front_malloc(64);
        assert_ptr_equal(slab_of(objects[0]), slab);
    }
    free_all(0, 1);
    assert_int_equal(slab_count(), 1);
}

static void empty_slabs_are_kept_within_the_limit_only(void **state)
{
    (void)state;
    begin_thread();
    enum { SLABS = 60 };
    size_t count = fill_slabs(1024, SLABS);
    assert_int_equal(slab_count(), SLABS);
    free_all(0, count);
    assert_true((slab_count() - 1) * (MA_GRANULE - 2048) <= registry_empty_limit());
    assert_true(slab_count() >= SLABS / 2);
    assert_int_equal(front_check(front_heap()), 0);
}

static void empty_slabs_that_were_not_needed_for_a_while_go_back(void **state)
{
    (void)state;
    enum { SLABS = 30 };
    begin_thread();
    front_free(first_object(64));
    size_t count = fill_slabs(1024, SLABS);
    free_all(0, count);
    let_pass(64, 0);
    assert_true(slab_count() >= SLABS);
    let_pass(64, MA_PURGE_PAUSE);
    let_pass(64, MA_PURGE_PAUSE);
    assert_in_range(slab_count(), 2, registry_cache_limit() / MA_GRANULE + 2); /* many go soon */
    let_pass(64, MA_DECAY);
    let_pass(64, MA_DECAY);
    assert_int_equal(slab_count(), 2); /* the current ones */
}

static void empty_slabs_that_are_needed_again_and_again_stay(void **state)
{
    (void)state;
    enum { SLABS = 20, TURNS = 50 };
    begin_thread();
    front_free(first_object(64));
    size_t count = fill_slabs(1024, SLABS);
    free_all(0, count);
    size_t before = front_stats().allocate_count;
    for (int i = 0; i < TURNS; i++) {
        let_pass(64, MA_PURGE_PAUSE / 4);
        assert_int_equal(fill_slabs(1024, SLABS), count);
        free_all(0, count);
    }
    assert_in_range(front_stats().allocate_count - before, 0, SLABS); /* in all turns together */
}

/* Else the process would have both, these and new memory. */
static void cached_blocks_go_back_where_slabs_take_memory(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    cache_blocks();
    free_all(0, fill_slabs(1024, 10));
    assert_true(heap->medium.bytes < MA_CACHE_FLUSH);
}

/* Else the process would have both, empty slabs and new memory. */
static void empty_slabs_are_given_to_the_core_on_request(void **state)
{
    (void)state;
    enum { SLABS = 20 };
    struct theap *heap = begin_thread();
    size_t count = fill_slabs(1024, SLABS);
    free_all(0, count);
    assert_int_equal(front_cached_bytes(), heap->empty_bytes);
    front_shed_cached(0);
    assert_in_range(slab_count(), SLABS / 2 - 1, SLABS / 2 + 1);
    for (int i = 0; i < SLABS; i++) {
        front_shed_cached(0);
    }
    assert_int_equal(slab_count(), 1);
    assert_int_equal(front_cached_bytes(), 0);
}

static void an_empty_slab_serves_its_class_again(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(1024, 3);
    free_all(0, count);
    size_t slabs = slab_count();
    assert_int_equal(slabs, 3);
    assert_int_equal(fill_slabs(1024, 3), count);
    assert_int_equal(slab_count(), slabs);
    free_all(0, count);
}

static void an_empty_slab_serves_another_class(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(1024, 3);
    free_all(0, count);
    assert_int_equal(slab_count(), 3);
    count = fill_slabs(48, 2);
    assert_int_equal(slab_count(), 3);
    free_all(0, count);
}

static void empty_slabs_are_released_on_request(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(1024, 3);
    void *kept = first_object(32);
    free_all(0, count);
    assert_true(front_trim());
    assert_int_equal(slab_count(), 1);
    assert_false(front_trim());
    front_free(kept);
    assert_true(front_trim()); /* although it is current */
    assert_int_equal(slab_count(), 0);
    assert_non_null(objects[0] = front_malloc(32)); /* its class is warm still */
    free_all(0, 1);
}

/* A program that uses one class after the other does not keep a slab for each. */
static void empty_current_slabs_of_other_classes_are_used_before_many_new_ones(void **state)
{
    (void)state;
    begin_thread();
    for (size_t size = 16; size <= MA_SMALL_MAX; size += 16) {
        objects[0] = first_object(size);
        front_free(objects[0]);
    }
    assert_in_range(slab_count(), 1, (CLASS_COUNT - 1) / 2);
}

static void a_slab_that_others_are_about_to_free_in_is_not_released(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    objects[0] = first_object(64);
    struct theap *other = begin_thread();
    front_free(objects[0]);
    become(owner);
    theap_release(owner);
    assert_int_equal(slab_count(), 1); /* the other holds the object back still */
    theap_flush(other);
    theap_release(owner);
    assert_int_equal(slab_count(), 1); /* in the inbox still */
    assert_true(front_trim());
    assert_int_equal(slab_count(), 0);
}

/* ---- Slabs with few objects ---- */

enum { THIN_SLABS = 40, THIN_SIZE = 256 };

/* Slabs of which one object each is left: objects[0] up to objects[THIN_SLABS - 1]. */
static void make_thin_slabs(void)
{
    begin_thread();
    size_t taken = fill_slabs(THIN_SIZE, THIN_SLABS);
    size_t capacity = taken / THIN_SLABS;
    for (size_t i = 0; i < taken; i++) {
        if (i % capacity != capacity / 2) {
            front_free(objects[i]);
        }
    }
    for (size_t i = 0; i < THIN_SLABS; i++) {
        objects[i] = objects[i * capacity + capacity / 2];
        memset(objects[i], 0x41 + (int)i, THIN_SIZE);
    }
}

static bool is_whole(const unsigned char *object, size_t number)
{
    for (size_t i = 0; i < THIN_SIZE; i++) {
        if (object[i] != 0x41 + number) {
            return false;
        }
    }
    return true;
}

static void slabs_with_few_objects_give_their_other_pages_back(void **state)
{
    (void)state;
    make_thin_slabs();
    size_t before = fake_os_purged();
    let_pass(THIN_SIZE, 0);
    assert_int_equal(fake_os_purged(), before);
    let_pass(THIN_SIZE, MA_DECAY);
    let_pass(THIN_SIZE, MA_DECAY);
    assert_in_range(fake_os_purged() - before, (THIN_SLABS - 3) * (MA_GRANULE - 3 * MA_PAGE),
                    THIN_SLABS * MA_GRANULE);
    for (size_t i = 0; i < THIN_SLABS; i++) {
        assert_true(is_whole(objects[i], i));
    }
    assert_int_equal(front_check(front_heap()), 0);
    free_all(0, THIN_SLABS);
}

static void a_trim_takes_the_pages_of_slabs_with_few_objects_at_once(void **state)
{
    (void)state;
    make_thin_slabs();
    size_t before = fake_os_purged();
    assert_true(front_trim());
    assert_true(fake_os_purged() - before >= (THIN_SLABS - 3) * (MA_GRANULE - 3 * MA_PAGE));
    free_all(0, THIN_SLABS);
}

static void a_slab_without_some_pages_serves_again_when_no_other_does(void **state)
{
    (void)state;
    make_thin_slabs();
    front_trim();
    size_t slabs = slab_count();
    size_t taken = THIN_SLABS;
    while (slab_count() == slabs) {
        objects[taken++] = front_malloc(THIN_SIZE);
    }
    assert_true(taken >= THIN_SLABS * (slab_capacity(slab_of(objects[0])) - 1U));
    for (size_t i = 0; i < THIN_SLABS; i++) {
        assert_true(is_whole(objects[i], i));
    }
    assert_int_equal(front_check(front_heap()), 0);
    free_all(0, taken);
}

static void a_slab_without_some_pages_goes_back_with_its_last_object(void **state)
{
    (void)state;
    struct theap *owner = NULL;
    make_thin_slabs();
    owner = front_heap();
    front_trim();
    begin_thread();
    free_all(0, THIN_SLABS / 2); /* by another thread */
    theap_flush(front_heap());
    become(owner);
    free_all(THIN_SLABS / 2, THIN_SLABS);
    front_trim();
    assert_int_equal(slab_count(), 0);
}

/* ---- Frees for others ---- */

static void a_thread_holds_back_what_it_frees_for_others_up_to_a_bound(void **state)
{
    (void)state;
    const size_t sizes[] = {16, 64, 256, 512, 1024};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct theap *owner = begin_thread();
        objects[0] = first_object(sizes[i]);
        size_t count = take_all(objects, 1, sizes[i]);
        struct slab *slab = slab_of(objects[0]);
        struct theap *other = begin_thread();
        for (size_t done = 0; done < count; done++) {
            front_free(objects[done]);
            size_t held = done + 1 - remote_count_of(slab);
            assert_true(held <= MA_PENDING_COUNT);
            assert_true(held * sizes[i] <= MA_PENDING_BYTES);
        }
        theap_flush(other);
        assert_int_equal(remote_count_of(slab), count);
        end_thread(owner);
        end_thread(other);
    }
}

static void a_slow_path_passes_on_what_is_held_back(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    struct slab *slab = slab_of(objects[0]);
    begin_thread();
    front_free(objects[0]);
    assert_int_equal(remote_count_of(slab), 0);
    objects[1] = first_object(32);
    assert_int_equal(remote_count_of(slab), 1);
    free_all(1, 2);
}

static void objects_of_many_slabs_in_turn_are_all_passed_on(void **state)
{
    (void)state;
    enum { SLABS = 20 };
    struct theap *owner = begin_thread();
    size_t count = fill_slabs(1024, SLABS);
    size_t capacity = slab_capacity(slab_of(objects[0]));
    struct theap *other = begin_thread();
    for (size_t i = 0; i < capacity; i++) {
        for (size_t j = 0; j < SLABS; j++) {
            front_free(objects[j * capacity + i]);
        }
    }
    theap_flush(other);
    become(owner);
    assert_int_equal(front_stats().live_count, 0);
    front_trim();
    assert_int_equal(slab_count(), 0);
    assert_int_equal(count, SLABS * capacity);
}

static void an_end_passes_on_what_is_held_back(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    struct slab *slab = slab_of(objects[0]);
    struct theap *other = begin_thread();
    front_free(objects[0]);
    end_thread(other);
    assert_int_equal(remote_count_of(slab), 1);
}

static void a_thread_without_a_heap_passes_on_at_once(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    become(THEAP_OFF);
    front_free(objects[0]);
    assert_int_equal(remote_count_of(slab_of(objects[0])), 1);
}

/* So a signal handler frees what its own thread has allocated. */
static void a_free_while_the_thread_is_inside_reaches_the_thread_by_its_inbox(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(64);
    front_enter();
    front_free(objects[0]);
    assert_ptr_equal(front_heap(), THEAP_BUSY);
    front_leave(heap);
    assert_int_equal(slab_used(slab_of(objects[0])), 1);
    front_settle();
    assert_int_equal(live_in(slab_of(objects[0])), 0);
}

static void what_others_have_freed_is_used_before_a_new_slab(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    size_t count = fill_slabs(128, 2);
    struct theap *other = begin_thread();
    free_all(0, count);
    end_thread(other);
    become(owner);
    assert_int_equal(fill_slabs(128, 2), count);
    assert_int_equal(slab_count(), 2);
    free_all(0, count);
}

static void a_full_slab_that_others_have_emptied_goes_to_the_empty_ones(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    size_t count = fill_slabs(1024, 2);
    struct theap *other = begin_thread();
    free_all(0, count / 2);
    end_thread(other);
    become(owner);
    theap_read_inbox(owner);
    assert_int_equal(owner->empty_bytes, count / 2 * 1024);
    free_all(count / 2, count);
}

/* ---- Memory is out ---- */

static void without_memory_for_a_slab_the_core_is_to_serve(void **state)
{
    (void)state;
    begin_thread();
    for (int i = 0; i < MA_WARM_COUNT; i++) {
        front_malloc(64);
    }
    use_up_memory();
    assert_null(front_malloc(64));
    assert_null(front_malloc(64));
    give_memory_back();
    assert_non_null(objects[0] = front_malloc(64));
    free_all(0, 1);
}

static void without_memory_a_full_slab_is_left_and_found_again(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(64, 1);
    use_up_memory();
    assert_null(front_malloc(64));
    free_all(0, count / 2);
    for (size_t i = 0; i < count / 2; i++) {
        assert_non_null(objects[i] = front_malloc(64));
    }
    give_memory_back();
    assert_int_equal(slab_count(), 1);
    free_all(0, count);
}

static void without_memory_an_empty_slab_of_another_class_serves(void **state)
{
    (void)state;
    begin_thread();
    size_t count = fill_slabs(1024, 2);
    for (int i = 0; i < MA_WARM_COUNT; i++) {
        front_malloc(64);
    }
    free_all(0, count);
    use_up_memory();
    assert_non_null(objects[0] = front_malloc(64));
    give_memory_back();
    free_all(0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(the_first_slab_of_a_class_gives_back_what_it_has_no_use_for_yet),
        FRONT_TEST(a_class_with_many_slabs_has_the_next_ones_populated),
        FRONT_TEST(a_slab_that_another_class_has_used_is_not_populated_again),
        FRONT_TEST(a_slab_of_memory_that_the_core_was_given_back_is_not_populated_again),
        FRONT_TEST(the_first_requests_of_a_class_are_the_cores),
        FRONT_TEST(each_class_warms_up_by_itself),
        FRONT_TEST(the_classes_of_a_group_share_a_slab),
        FRONT_TEST(a_class_with_many_live_objects_has_slabs_of_its_own),
        FRONT_TEST(classes_that_have_few_live_objects_in_turn_go_on_sharing),
        FRONT_TEST(a_full_slab_serves_no_class_of_its_group),
        FRONT_TEST(a_request_of_no_bytes_gets_an_object_of_its_own),
        FRONT_TEST(a_thread_without_a_heap_is_served_by_the_core),
        FRONT_TEST(all_objects_of_all_classes_are_distinct_and_large_enough),
        FRONT_TEST(the_last_freed_is_the_first_handed_out),
        FRONT_TEST(a_full_slab_is_followed_by_another),
        FRONT_TEST(a_full_slab_with_one_free_object_is_not_the_next_one_taken),
        FRONT_TEST(a_full_slab_serves_again_when_it_has_gathered_free_objects),
        FRONT_TEST(each_of_several_slabs_with_free_objects_can_be_emptied),
        FRONT_TEST(a_current_slab_that_is_emptied_stays),
        FRONT_TEST(empty_slabs_are_kept_within_the_limit_only),
        FRONT_TEST(empty_slabs_that_were_not_needed_for_a_while_go_back),
        FRONT_TEST(empty_slabs_that_are_needed_again_and_again_stay),
        FRONT_TEST(cached_blocks_go_back_where_slabs_take_memory),
        FRONT_TEST(empty_slabs_are_given_to_the_core_on_request),
        FRONT_TEST(an_empty_slab_serves_its_class_again),
        FRONT_TEST(an_empty_slab_serves_another_class),
        FRONT_TEST(empty_slabs_are_released_on_request),
        FRONT_TEST(empty_current_slabs_of_other_classes_are_used_before_many_new_ones),
        FRONT_TEST(a_slab_that_others_are_about_to_free_in_is_not_released),
        FRONT_TEST(slabs_with_few_objects_give_their_other_pages_back),
        FRONT_TEST(a_trim_takes_the_pages_of_slabs_with_few_objects_at_once),
        FRONT_TEST(a_slab_without_some_pages_serves_again_when_no_other_does),
        FRONT_TEST(a_slab_without_some_pages_goes_back_with_its_last_object),
        FRONT_TEST(a_thread_holds_back_what_it_frees_for_others_up_to_a_bound),
        FRONT_TEST(a_slow_path_passes_on_what_is_held_back),
        FRONT_TEST(objects_of_many_slabs_in_turn_are_all_passed_on),
        FRONT_TEST(an_end_passes_on_what_is_held_back),
        FRONT_TEST(a_thread_without_a_heap_passes_on_at_once),
        FRONT_TEST(a_free_while_the_thread_is_inside_reaches_the_thread_by_its_inbox),
        FRONT_TEST(what_others_have_freed_is_used_before_a_new_slab),
        FRONT_TEST(a_full_slab_that_others_have_emptied_goes_to_the_empty_ones),
        FRONT_TEST(without_memory_for_a_slab_the_core_is_to_serve),
        FRONT_TEST(without_memory_a_full_slab_is_left_and_found_again),
        FRONT_TEST(without_memory_an_empty_slab_of_another_class_serves),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
