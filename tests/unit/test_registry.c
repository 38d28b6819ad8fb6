/*
 * Threads that come and go, and what they leave behind.
 */
#include "front_fixture.h"

#include "base/options.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void *objects[OBJECTS_MAX];

static size_t full_slab(size_t size)
{
    objects[0] = first_object(size);
    return take_all(objects, 1, size);
}

/* The same by a thread that ends. */
static size_t full_orphan(size_t size)
{
    struct theap *heap = begin_thread();
    size_t count = full_slab(size);
    end_thread(heap);
    return count;
}

static void free_all(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        front_free(objects[i]);
    }
}

/* ---- Thread heaps ---- */

/* Must be the first test: the registry has no memory yet. */
static void the_first_thread_gets_no_heap_while_memory_is_out(void **state)
{
    (void)state;
    use_up_memory();
    assert_null(registry_enter());
    assert_null(registry_enter());
    give_memory_back();
    struct theap *heap = begin_thread();
    assert_non_null(heap);
    assert_ptr_equal(slab_owner(slab_of(heap)), OWNER_HEAPS);
}

static void threads_at_a_time_have_heaps_of_their_own(void **state)
{
    (void)state;
    enum { THREADS = 40 };
    struct theap *heaps[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        heaps[i] = begin_thread();
        assert_int_equal((uintptr_t)heaps[i] % 64, 0);
        for (size_t j = 0; j < i; j++) {
            char *a = (char *)heaps[i];
            char *b = (char *)heaps[j];
            assert_true((size_t)(a < b ? b - a : a - b) >= sizeof(struct theap));
        }
    }
}

static void the_heap_of_an_ended_thread_serves_the_next(void **state)
{
    (void)state;
    struct theap *first = begin_thread();
    struct theap *second = begin_thread();
    end_thread(second);
    assert_ptr_equal(begin_thread(), second);
    size_t blocks = core_live_count();
    end_thread(first);
    for (int i = 0; i < 1000; i++) {
        struct theap *heap = begin_thread();
        assert_ptr_equal(heap, first);
        end_thread(heap);
    }
    assert_int_equal(core_live_count(), blocks);
}

static void while_memory_is_out_only_new_heaps_are_refused(void **state)
{
    (void)state;
    enum { MANY = 400 }; /* more than fit what the registry has taken */
    struct theap *heaps[MANY] = {NULL};
    size_t count = 0;
    use_up_memory();
    while (count < MANY && (heaps[count] = registry_enter()) != NULL) {
        count++;
    }
    assert_in_range(count, 1, MANY - 1);
    registry_leave(heaps[0]);
    assert_ptr_equal(registry_enter(), heaps[0]);
    give_memory_back();
    assert_non_null(heaps[count] = registry_enter());
    for (size_t i = 0; i <= count; i++) {
        registry_leave(heaps[i]);
    }
}

static void count_heap(struct theap *heap, void *context)
{
    assert_true(heap->is_taken);
    ++*(size_t *)context;
}

static size_t heap_count(void)
{
    size_t count = 0;
    registry_each(count_heap, &count);
    return count;
}

static void only_heaps_that_serve_a_thread_are_visited(void **state)
{
    (void)state;
    reclaim_all(NULL);
    assert_int_equal(heap_count(), 0);
    struct theap *first = begin_thread();
    begin_thread();
    assert_int_equal(heap_count(), 2);
    end_thread(first);
    assert_int_equal(heap_count(), 1);
}

/* ---- The limit of caches ---- */

static void the_cache_limit_is_shared_by_the_threads(void **state)
{
    (void)state;
    enum { THREADS = 30 };
    begin_thread();
    size_t alone = registry_cache_limit();
    assert_in_range(alone, 1, MA_CACHE_MAX);
    size_t before = alone;
    for (size_t count = 2; count <= THREADS; count++) {
        struct theap *heap = begin_thread();
        size_t limit = registry_cache_limit();
        assert_non_null(heap);
        assert_true(limit < before);
        assert_true(limit * count <= MA_CACHE_BYTES + cores_live_bytes() / MA_CACHE_SHARE);
        before = limit;
    }
}

static void slabs_that_nobody_has_touched_do_not_make_the_cache_limit_grow(void **state)
{
    (void)state;
    struct slab *slabs[64];
    begin_thread();
    size_t before = registry_cache_limit();
    for (size_t i = 0; i < COUNT_OF(slabs); i++) {
        slabs[i] = slab_create(1);
    }
    assert_in_range(registry_cache_limit(), before - (1 << 10), before + (1 << 10));
    for (size_t i = 0; i < COUNT_OF(slabs); i++) {
        while (slab_carve(slabs[i], 0)) {
        }
    }
    assert_true(registry_cache_limit() > before + (32 << 10));
    for (size_t i = 0; i < COUNT_OF(slabs); i++) {
        slab_destroy(slabs[i]);
    }
}

static void the_cache_limit_grows_with_the_heap_up_to_a_bound(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    size_t before = registry_cache_limit();
    void *large = cores_alloc((size_t)16 << 20);
    assert_true(registry_cache_limit() > before);
    void *huge = cores_alloc((size_t)128 << 20);
    assert_int_equal(registry_cache_limit(), MA_CACHE_MAX);
    assert_int_equal(registry_wide_cache_limit(heap, 0), MA_CACHE_WIDE_MAX);
    cores_free(cores_owner_of(large), large);
    cores_free(cores_owner_of(huge), huge);
}

static void what_the_cores_have_free_makes_no_limit_of_several_grow(void **state)
{
    (void)state;
    begin_thread();
    struct theap *heap = begin_thread();
    void *large = cores_alloc((size_t)16 << 20);
    void *behind = cores_alloc(24);
    size_t before = registry_cache_limit();
    size_t before_wide = registry_wide_cache_limit(heap, 0);
    cores_free(cores_owner_of(large), large);
    assert_true(cores_heap_bytes() > (size_t)16 << 20);
    assert_true(registry_cache_limit() < before - (256 << 10));
    assert_true(registry_wide_cache_limit(heap, 0) < before_wide / 4);
    cores_free(cores_owner_of(behind), behind);
}

static void the_limit_of_wide_caches_is_a_larger_share_of_a_large_heap(void **state)
{
    (void)state;
    begin_thread();
    struct theap *heap = begin_thread();
    void *large = cores_alloc((size_t)24 << 20);
    assert_in_range(registry_wide_cache_limit(heap, 0), 2 * registry_cache_limit(),
                    cores_live_bytes() / 8 * MA_CACHE_WIDE_EIGHTHS / 3);
    cores_free(cores_owner_of(large), large);
}

static void the_wide_cache_of_an_only_thread_may_have_as_much_as_the_heap(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    void *large = cores_alloc((size_t)4 << 20);
    core_trim(cores_owner_of(large), 0);
    size_t bytes = cores_heap_bytes();
    assert_true(bytes < MA_CACHE_WIDE_MAX);
    assert_in_range(registry_wide_cache_limit(heap, 0), bytes - bytes / 8, bytes);
    begin_thread();
    assert_true(registry_wide_cache_limit(heap, 0) < bytes / 4);
    cores_free(cores_owner_of(large), large);
}

#define MUCH ((size_t)1 << 30)

static void the_limit_of_wide_caches_grows_with_their_use_up_to_a_bound(void **state)
{
    (void)state;
    begin_thread();
    struct theap *heap = begin_thread();
    void *large = cores_alloc((size_t)4 << 20);
    size_t without = registry_wide_cache_limit(heap, 0);
    assert_int_equal(registry_wide_cache_limit(heap, without / 2), without);
    assert_int_equal(registry_wide_cache_limit(heap, without + MA_GRANULE), without + MA_GRANULE);
    assert_int_equal(registry_wide_cache_limit(heap, MUCH), MA_CACHE_WIDE_MAX);
    assert_int_equal(registry_wide_cache_limit(heap, 0), without);
    cores_free(cores_owner_of(large), large);
}

/* Each asks for as much as it can get, and goes on to hold it. */
static void what_threads_hold_for_their_swings_is_bounded_for_all_together(void **state)
{
    (void)state;
    struct theap *heaps[30];
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        heaps[i] = begin_thread();
    }
    size_t without = registry_wide_cache_limit(heaps[0], 0);
    size_t all = 0;
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        size_t limit = registry_wide_cache_limit(heaps[i], MUCH);
        assert_true(limit > MA_CACHE_SWING_BYTES / (COUNT_OF(heaps) + 2));
        all += limit - without;
    }
    assert_in_range(all, MA_CACHE_SWING_BYTES - without, 2 * MA_CACHE_SWING_BYTES);
}

static void what_an_ended_thread_held_for_its_swing_is_for_others(void **state)
{
    (void)state;
    struct theap *ending = begin_thread();
    struct theap *heap = begin_thread();
    begin_thread();
    assert_int_equal(registry_wide_cache_limit(ending, MUCH), MA_CACHE_WIDE_MAX);
    assert_true(registry_wide_cache_limit(heap, MUCH) < MA_CACHE_WIDE_MAX / 2);
    end_thread(ending);
    assert_int_equal(registry_wide_cache_limit(heap, MUCH), MA_CACHE_WIDE_MAX);
}

static void what_a_vanished_thread_held_for_its_swing_is_for_others(void **state)
{
    (void)state;
    struct theap *vanished = begin_thread();
    begin_thread();
    struct theap *heap = begin_thread();
    assert_int_equal(registry_wide_cache_limit(vanished, MUCH), MA_CACHE_WIDE_MAX);
    registry_after_fork(heap, false);
    begin_thread();
    assert_int_equal(registry_wide_cache_limit(heap, MUCH), MA_CACHE_WIDE_MAX);
}

static void what_was_emptied_has_no_swing(void **state)
{
    (void)state;
    struct theap *emptied = begin_thread();
    struct theap *heap = begin_thread();
    begin_thread();
    assert_int_equal(registry_wide_cache_limit(emptied, MUCH), MA_CACHE_WIDE_MAX);
    emptied->swing.regained = MUCH;
    registry_forget_swing(emptied);
    assert_int_equal(swing_room(&emptied->swing), 0);
    assert_int_equal(registry_wide_cache_limit(heap, MUCH), MA_CACHE_WIDE_MAX);
}

/* ---- Orphans ---- */

static void a_thread_that_ends_leaves_no_slab_without_objects(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    free_all(0, full_slab(64));
    objects[0] = first_object(32);
    assert_int_equal(slab_count(), 2);
    front_free(objects[0]);
    end_thread(heap);
    reclaim_all(NULL);
    assert_int_equal(slab_count(), 0);
}

static void a_slab_with_objects_becomes_an_orphan(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(64);
    end_thread(heap);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), OWNER_ORPHAN);
    assert_int_equal(front_check(NULL), 0);
    front_free(objects[0]);
    assert_int_equal(slab_count(), 0);
}

static void an_orphan_serves_another_thread(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(64);
    end_thread(heap);
    heap = begin_thread();
    objects[1] = first_object(64);
    assert_ptr_equal(slab_of(objects[1]), slab_of(objects[0]));
    assert_ptr_equal(slab_owner(slab_of(objects[0])), heap);
    assert_ptr_not_equal(objects[1], objects[0]);
    size_t count = take_all(objects, 2, 64);
    assert_int_equal(count, slab_capacity(slab_of(objects[0])));
    free_all(0, count);
}

static void who_frees_in_an_orphan_and_asks_for_its_class_adopts_it(void **state)
{
    (void)state;
    size_t count = full_orphan(64);
    struct theap *heir = begin_thread();
    assert_null(front_malloc(64)); /* the first request, which the core serves */
    front_free(objects[5]);
    assert_ptr_equal(slab_owner(slab_of(objects[5])), heir);
    assert_ptr_equal(front_malloc(64),
                     objects[5]); /* though the class has earned no slab by requests */
    assert_int_equal(front_check(heir), 0);
    free_all(0, count);
    assert_int_equal(slab_count(), 1); /* an empty one, which is kept */
    assert_true(front_trim());
    assert_int_equal(slab_count(), 0);
}

static void who_only_frees_adopts_nothing(void **state)
{
    (void)state;
    size_t count = full_orphan(64);
    begin_thread();
    front_free(objects[0]);
    assert_ptr_equal(slab_owner(slab_of(objects[1])), OWNER_ORPHAN);
    free_all(1, count);
    theap_flush(front_heap());
    assert_int_equal(slab_count(), 0);
}

/* Else who seldom allocates would hold more and more slabs without objects. */
static void who_adopts_gives_back_what_others_have_emptied_since(void **state)
{
    (void)state;
    size_t count = full_orphan(64);
    struct theap *second = begin_thread();
    void *object = first_object(1024); /* of the next orphan */
    end_thread(second);
    struct theap *heir = begin_thread();
    assert_null(front_malloc(64));
    assert_null(front_malloc(1024));
    front_free(objects[0]);
    assert_ptr_equal(slab_owner(slab_of(objects[1])), heir);

    begin_thread();
    free_all(1, count);
    theap_flush(front_heap());
    assert_int_equal(slab_count(), 2);
    become(heir);
    front_free(object);
    assert_int_equal(slab_count(), 0);
}

/* What others empty of it then stays with a thread that perhaps never does anything again. */
static void who_asks_for_nothing_more_adopts_only_so_much(void **state)
{
    (void)state;
    enum { ORPHANS = MA_ADOPT_COUNT + 5, CAPACITY = 63 };
    static void *all[ORPHANS * CAPACITY];
    for (size_t i = 0; i < ORPHANS; i++) {
        struct theap *heap = begin_thread();
        all[i * CAPACITY] = first_object(1024);
        take_all(all, i * CAPACITY + 1, 1024);
        end_thread(heap);
    }
    struct theap *heir = begin_thread();
    assert_null(front_malloc(1024));
    for (size_t i = 0; i < ORPHANS; i++) {
        front_free(all[i * CAPACITY]);
    }
    assert_ptr_equal(slab_owner(slab_of(all[(MA_ADOPT_COUNT - 1) * CAPACITY + 1])), heir);
    assert_ptr_equal(slab_owner(slab_of(all[MA_ADOPT_COUNT * CAPACITY + 1])), OWNER_ORPHAN);
    for (size_t i = 0; i < ORPHANS * CAPACITY; i++) {
        if (i % CAPACITY != 0) {
            front_free(all[i]);
        }
    }
}

static void a_thread_that_ends_adopts_nothing_more(void **state)
{
    (void)state;
    size_t count = full_orphan(64);
    begin_thread()->is_leaving = true;
    assert_null(front_malloc(64));
    front_free(objects[0]);
    assert_ptr_equal(slab_owner(slab_of(objects[1])), OWNER_ORPHAN);
    free_all(1, count);
    end_thread(front_heap());
    assert_int_equal(slab_count(), 0);
}

/* What is freed where pages are absent takes another way. */
static void an_orphan_with_absent_pages_stays_one(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    size_t count = full_slab(64);
    free_all(1, count);
    assert_true(slab_purge(slab_of(objects[0])));
    end_thread(heap);
    begin_thread();
    assert_null(front_malloc(64));
    front_free(objects[0]);
    theap_flush(front_heap());
    assert_int_equal(slab_count(), 0);
}

static void an_orphan_of_another_class_is_not_adopted(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(64);
    end_thread(heap);
    begin_thread();
    objects[1] = first_object(80);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), OWNER_ORPHAN);
    free_all(0, 2);
}

static void an_orphan_without_free_objects_is_not_adopted(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    size_t count = full_slab(1024);
    end_thread(heap);
    begin_thread();
    void *other = first_object(1024);
    assert_ptr_not_equal(slab_of(other), slab_of(objects[0]));
    assert_ptr_equal(slab_owner(slab_of(objects[0])), OWNER_ORPHAN);
    front_free(other);
    free_all(0, count);
}

static void a_full_orphan_is_adopted_once_others_have_freed_in_it(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    size_t count = full_slab(1024);
    end_thread(heap);
    begin_thread();
    front_free(objects[0]);
    objects[0] = first_object(1024);
    assert_ptr_equal(slab_of(objects[0]), slab_of(objects[1]));
    free_all(0, count);
}

/* As the first in the list, in the middle, the last. */
static void each_of_several_orphans_can_be_adopted(void **state)
{
    (void)state;
    enum { ORPHANS = 5 };
    for (size_t chosen = 0; chosen < ORPHANS; chosen++) {
        size_t capacity = 63;
        for (size_t i = 0; i < ORPHANS; i++) {
            struct theap *heap = begin_thread();
            objects[i * capacity] = first_object(1024);
            take_all(objects, i * capacity + 1, 1024);
            end_thread(heap);
        }
        front_free(objects[chosen * capacity]);
        begin_thread();
        objects[chosen * capacity] = first_object(1024);
        assert_ptr_equal(slab_of(objects[chosen * capacity]),
                         slab_of(objects[chosen * capacity + 1]));
        free_all(0, ORPHANS * capacity);
        end_thread(front_heap());
        reclaim_all(NULL);
        assert_int_equal(slab_count(), 0);
    }
}

/* A few are looked at for each request, others with the next. */
static void among_many_full_orphans_one_with_room_is_found_in_the_end(void **state)
{
    (void)state;
    enum { ORPHANS = 20, CAPACITY = 63, LOOKS = 3 };
    for (size_t i = 0; i < ORPHANS; i++) {
        struct theap *heap = begin_thread();
        objects[i * CAPACITY] = first_object(1024);
        take_all(objects, i * CAPACITY + 1, 1024);
        end_thread(heap);
    }
    become(THEAP_OFF);
    front_free(objects[0]);
    struct theap *heap = begin_thread();
    struct slab *found = NULL;
    for (int look = 0; look < LOOKS && found == NULL; look++) {
        found = registry_adopt(heap, class_of(1024));
    }
    assert_ptr_equal(found, slab_of(objects[1]));
    free_all(1, ORPHANS * (size_t)CAPACITY);
}

static void an_orphan_whose_last_object_is_freed_goes_back(void **state)
{
    (void)state;
    size_t count = full_orphan(64);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(slab_count(), 1);
        front_free(objects[i]);
    }
    assert_int_equal(slab_count(), 0);
}

static void an_orphan_in_the_midst_of_others_goes_back(void **state)
{
    (void)state;
    size_t capacity = 63;
    for (size_t i = 0; i < 5; i++) {
        struct theap *heap = begin_thread();
        objects[i * capacity] = first_object(1024);
        take_all(objects, i * capacity + 1, 1024);
        end_thread(heap);
    }
    const size_t order[] = {2, 0, 4, 1, 3};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(slab_count(), 5 - i);
        free_all(order[i] * capacity, (order[i] + 1) * capacity);
    }
    assert_int_equal(slab_count(), 0);
}

static void what_is_on_its_way_to_a_thread_that_ends_is_not_lost(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    size_t count = full_slab(64);
    struct theap *other = begin_thread();
    free_all(0, count); /* some in the inbox, some held back */
    end_thread(owner);
    assert_int_equal(slab_count(), 1);
    end_thread(other);
    assert_int_equal(slab_count(), 0);
}

static void a_slab_in_the_inbox_of_a_thread_that_ends_becomes_an_unposted_orphan(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    size_t count = full_slab(64);
    become(THEAP_OFF);
    free_all(0, 3);
    end_thread(owner);
    struct slab *slab = slab_of(objects[3]);
    assert_int_equal(remote_word(slab), 0);
    assert_int_equal(slab_used(slab), count - 3);
    free_all(3, count);
}

/* It was pushed into the inbox as its owner left, and the heap serves a new thread when it is read. */
static void a_slab_in_the_inbox_of_a_wrong_heap_is_posted_on(void **state)
{
    (void)state;
    struct theap *owner = begin_thread();
    size_t count = full_slab(64);
    struct theap *other = begin_thread();
    become(THEAP_OFF);
    free_all(0, 3);
    struct slab *slab = slab_of(objects[3]);
    other->inbox = owner->inbox;
    owner->inbox = 0;

    theap_read_inbox(other);

    assert_int_equal(owner->inbox, slab_index(slab));
    assert_int_equal(other->inbox, 0);
    theap_read_inbox(owner);
    assert_int_equal(live_in(slab), count - 3);
    become(owner);
    free_all(3, count);
}

static void a_note_of_what_is_no_orphan_is_refused(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    assert_false(registry_take_note(slab_of(objects[0])));
    front_free(objects[0]);
}

/* ---- The lock ---- */

static void *hold_registry(void *context)
{
    pthread_barrier_t *barrier = context;
    registry_lend();
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    registry_take_back();
    return NULL;
}

/* As a signal handler that has interrupted a core: the registry's holder may wait for that core. */
static void who_is_inside_a_core_does_not_wait_for_the_registry(void **state)
{
    (void)state;
    struct ma_core *core = cores_owner_of(begin_thread());
    pthread_barrier_t barrier;
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, hold_registry, &barrier), 0);
    pthread_barrier_wait(&barrier);
    lock_acquire(&core->lock);
    struct theap *refused = registry_enter();
    lock_release(&core->lock);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    lock_acquire(&core->lock);
    struct theap *heap = registry_enter();
    lock_release(&core->lock);
    pthread_barrier_destroy(&barrier);
    assert_null(refused);
    assert_non_null(heap);
    registry_leave(heap);
}

static void who_has_lent_itself_the_registry_can_use_it(void **state)
{
    (void)state;
    registry_lend();
    registry_lend();
    struct theap *heap = begin_thread();
    assert_non_null(heap);
    registry_take_back();
    objects[0] = first_object(64);
    front_free(objects[0]);
    registry_take_back();
    registry_take_back(); /* of nothing */
    assert_true(registry_lend_within(0));
    assert_true(registry_lend_within(0));
    registry_take_back();
    registry_take_back();
}

static struct theap *inner_heap;
static struct slab *inner_slab;
static bool inner_note;

static void call_from_inside(struct theap *heap, void *context)
{
    (void)context;
    inner_heap = registry_enter();
    inner_slab = registry_adopt(heap, class_of(64));
    size_t count = heap_count();
    assert_int_equal(count, 0);
    struct object *o = objects[0];
    o->mark = object_mark(o);
    remote_push(slab_of(o), o, o, 1);
    inner_note = (remote_word(slab_of(o)) & REMOTE_POSTED) != 0;
}

/* As a signal handler does that interrupts the registry: it gets nothing, but nothing is lost. */
static void what_interrupts_the_registry_gets_nothing_and_does_not_wait(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    objects[0] = first_object(64);
    end_thread(heap);
    heap = begin_thread();
    registry_each(call_from_inside, NULL);
    assert_null(inner_heap);
    assert_null(inner_slab);
    assert_false(inner_note);
    assert_int_equal(slab_count(), 0); /* it was given back when the registry was left */
    objects[0] = first_object(64);
    assert_int_equal(slab_count(), 1);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), heap);
    front_free(objects[0]);
}

/* ---- Taking what others have cached ---- */

/* A thread heap that has a block in its cache; the caller becomes its owner. */
static struct theap *begin_thread_with_block(void)
{
    struct theap *heap = begin_thread();
    assert_true(front_keep(mb_of_payload(cores_alloc(medium_round(5000)))));
    return heap;
}

static void what_idle_threads_have_cached_is_taken(void **state)
{
    (void)state;
    struct theap *idle = begin_thread_with_block();
    struct theap *mine = begin_thread();
    become(idle);
    assert_true(reclaim_all(mine));
    assert_int_equal(idle->medium.bytes, 0);
    assert_false(idle->is_shut);
    assert_false(reclaim_all(mine)); /* there is none left */
}

static void what_a_thread_has_cached_is_left_while_it_is_inside(void **state)
{
    (void)state;
    struct theap *busy = begin_thread_with_block();
    struct theap *mine = begin_thread();
    become(THEAP_BUSY);
    assert_false(reclaim_all(mine));
    assert_true(busy->medium.bytes > 0);
    assert_false(busy->is_shut);
}

static void what_the_thread_itself_has_cached_is_left(void **state)
{
    (void)state;
    struct theap *mine = begin_thread_with_block();
    assert_false(reclaim_all(mine));
    assert_true(mine->medium.bytes > 0);
}

static void *reclaim_in_thread(void *unused)
{
    reclaim_all(NULL);
    return unused;
}

/* A handler that has interrupted a core may wait for its heap: who has shut that must not wait for the core meanwhile. */
static void who_takes_waits_for_no_core_while_heaps_are_shut(void **state)
{
    (void)state;
    struct theap *idle = begin_thread_with_block();
    struct ma_core *core = cores_owner_of(medium_payload(idle->medium.entries[1]));
    pthread_t thread;
    lock_acquire(&core->lock);
    assert_int_equal(pthread_create(&thread, NULL, reclaim_in_thread, NULL), 0);
    usleep(50000);
    bool is_shut = __atomic_load_n(&idle->is_shut, __ATOMIC_ACQUIRE);
    size_t bytes = __atomic_load_n(&idle->medium.bytes, __ATOMIC_RELAXED);
    lock_release(&core->lock);
    pthread_join(thread, NULL);
    assert_false(is_shut);
    assert_int_equal(bytes, 0);
}

static void *open_after_a_while(void *context)
{
    struct theap *heap = context;
    usleep(50000);
    __atomic_store_n(&heap->is_shut, false, __ATOMIC_RELEASE);
    return NULL;
}

static void an_owner_waits_while_its_heap_is_shut(void **state)
{
    (void)state;
    struct theap *heap = begin_thread_with_block();
    pthread_t thread;
    heap->is_shut = true;
    assert_int_equal(pthread_create(&thread, NULL, open_after_a_while, heap), 0);
    void *payload = front_take(5000);
    bool was_shut = __atomic_load_n(&heap->is_shut, __ATOMIC_ACQUIRE);
    pthread_join(thread, NULL);
    assert_false(was_shut);
    assert_true(front_keep(mb_of_payload(payload)));
}

/* ---- Heaps at rest ---- */

/* A thread frees an object and a block, and ends. */
static struct theap *rest_with(void **object, void **block)
{
    struct theap *heap = begin_thread();
    *object = first_object(64);
    *block = cores_alloc(medium_round(5000));
    front_free(*object);
    assert_true(front_keep(mb_of_payload(*block)));
    end_thread(heap);
    return heap;
}

static void a_thread_has_at_once_what_the_last_one_had_cached(void **state)
{
    (void)state;
    void *object;
    void *block;
    struct theap *heap = rest_with(&object, &block);
    assert_int_equal(slab_count(), 1);
    assert_ptr_equal(begin_thread(), heap);
    assert_ptr_equal(front_take(5000), block);
    assert_ptr_equal(front_malloc(64), object);
    assert_int_equal(slab_count(), 1);
    assert_int_equal(front_check(heap), 0);
    front_free(object);
    cores_free(cores_owner_of(block), block);
}

static void the_heap_that_was_left_last_serves_first(void **state)
{
    (void)state;
    struct theap *heaps[2] = {begin_thread(), begin_thread()};
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        become(heaps[i]);
        front_keep(mb_of_payload(cores_alloc(medium_round(5000))));
        end_thread(heaps[i]);
    }
    assert_ptr_equal(begin_thread(), heaps[1]);
    assert_ptr_equal(begin_thread(), heaps[0]);
}

static void only_so_many_heaps_rest(void **state)
{
    (void)state;
    enum { THREADS = MA_REST_COUNT + 3 };
    size_t live = core_live_count();
    struct theap *heaps[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        heaps[i] = begin_thread();
        objects[0] = first_object(64);
        front_free(objects[0]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        become(heaps[i]);
        end_thread(heaps[i]);
    }
    assert_int_equal(slab_count(), MA_REST_COUNT);
    assert_int_equal(core_live_count(), live + MA_REST_COUNT);
}

static void a_heap_rests_with_so_many_bytes_only(void **state)
{
    (void)state;
    struct theap *heap = begin_thread();
    size_t count = full_slab(64);
    objects[count] = front_malloc(64); /* of another slab */
    count = take_all(objects, count + 1, 64);
    free_all(0, count);
    cache_blocks();
    assert_true(heap->medium.bytes > MA_REST_BYTES);
    end_thread(heap);
    assert_in_range(heap->medium.bytes, 1, MA_REST_BYTES);
    assert_in_range(heap->empty_bytes, 1, MA_REST_BYTES);
    assert_int_equal(slab_count(), 1);
}

static void what_rests_counts_as_free(void **state)
{
    (void)state;
    void *object;
    void *block;
    rest_with(&object, &block);
    struct ma_stats stats = front_stats();
    assert_int_equal(stats.live_count, 0);
    assert_int_equal(stats.live_bytes, 0);
    assert_true(stats.cached_bytes >= 5000);
}

static void what_rests_is_taken_where_memory_is_needed(void **state)
{
    (void)state;
    void *object;
    void *block;
    size_t live = core_live_count();
    struct theap *heap = rest_with(&object, &block);
    assert_true(reclaim_all(NULL));
    assert_int_equal(slab_count(), 0);
    assert_int_equal(core_live_count(), live);
    assert_false(reclaim_all(NULL));
    assert_ptr_equal(begin_thread(), heap);
    assert_null(front_take(5000));
    assert_null(front_malloc(64)); /* the class has earned no slab yet */
}

static void what_rests_goes_back_in_a_forked_child_without_its_threads(void **state)
{
    (void)state;
    void *object;
    void *block;
    struct theap *mine = begin_thread();
    struct theap *vanished = begin_thread();
    size_t live = core_live_count();
    struct theap *heap = rest_with(&object, &block);
    become(mine);
    registry_after_fork(mine, false);
    assert_int_equal(slab_count(), 0);
    assert_int_equal(core_live_count(), live);
    assert_int_equal(heap->empty_bytes + heap->medium.bytes, 0);
    assert_false(vanished->is_taken);
    assert_int_equal(front_check(mine), 0);
}

static void what_rests_stays_in_a_forked_child_of_the_only_thread(void **state)
{
    (void)state;
    void *object;
    void *block;
    struct theap *mine = begin_thread();
    struct theap *heap = rest_with(&object, &block);
    become(mine);
    registry_after_fork(mine, true);
    assert_ptr_equal(begin_thread(), heap);
    assert_ptr_equal(front_malloc(64), object);
    front_free(object);
}

/* ---- Fork ---- */

static void after_a_fork_the_slabs_of_other_threads_are_orphans(void **state)
{
    (void)state;
    struct theap *vanished = begin_thread();
    objects[0] = first_object(64);
    void *cached = cores_alloc(3000);
    struct theap *mine = begin_thread();
    objects[1] = first_object(64);
    theap_keep(vanished, mb_of_payload(cached));

    registry_after_fork(mine, false);

    assert_int_equal(heap_count(), 1);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), OWNER_ORPHAN);
    assert_ptr_equal(slab_owner(slab_of(objects[1])), mine);
    assert_int_equal(vanished->medium.bytes, 0);
    front_free(objects[0]);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), mine);
    front_free(objects[1]);
    assert_ptr_equal(registry_enter(), vanished);
    registry_leave(vanished);
}

static void after_a_fork_what_others_held_back_and_posted_is_passed_on(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    size_t count = full_slab(64);
    struct theap *owner = begin_thread();
    void *theirs = first_object(32);
    struct theap *freer = begin_thread();
    free_all(0, 3);
    front_free(theirs);
    theap_flush(freer); /* posted to one that stays, and to one that vanishes */
    free_all(3, 5);
    (void)owner;
    become(mine);

    registry_after_fork(mine, false);

    front_settle();
    assert_int_equal(live_in(slab_of(objects[5])), count - 5);
    assert_int_equal(slab_count(), 1); /* nothing was left in the other */
    free_all(5, count);
}

/* One was pushed there as its owner left, and this heap began to serve the thread that forks. */
static void after_a_fork_the_inbox_has_this_threads_slabs_alone(void **state)
{
    (void)state;
    begin_thread();
    size_t count = full_slab(64);
    struct slab *theirs = slab_of(objects[0]);
    struct theap *mine = begin_thread();
    void *own = first_object(32);
    become(THEAP_OFF);
    free_all(0, 3);
    front_free(own);
    struct slab *ours = slab_of(own);
    slab_owner(theirs)->inbox = 0;
    mine->inbox = slab_index(theirs); /* and `ours` was on its way there */
    slab_remote(theirs)->inbox_next = 0;
    become(mine);

    registry_after_fork(mine, false);

    assert_int_equal(mine->inbox, slab_index(ours));
    assert_int_equal(slab_remote(ours)->inbox_next, 0);
    become(THEAP_OFF);
    free_all(3, count); /* with the last the orphan goes back */
    become(mine);
    theap_read_inbox(mine);
    assert_int_equal(mine->inbox, 0);
}

static void after_a_fork_what_was_just_being_held_back_is_counted(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    size_t count = full_slab(64);
    struct slab *slab = slab_of(objects[0]);
    struct theap *freer = begin_thread();
    free_all(0, 3);
    freer->pending[slab_index(slab) % PENDING_COUNT].count--;
    become(mine);

    registry_after_fork(mine, false);

    assert_int_equal(front_check(mine), 0);
    front_settle();
    assert_int_equal(live_in(slab), count - 3);
    assert_int_equal(front_check(mine), 0);
    free_all(3, count);
}

static void after_a_fork_of_a_thread_without_a_heap_all_slabs_are_orphans(void **state)
{
    (void)state;
    begin_thread();
    objects[0] = first_object(64);
    registry_after_fork(NULL, false);
    assert_int_equal(heap_count(), 0);
    become(THEAP_OFF);
    front_free(objects[0]);
    assert_int_equal(slab_count(), 0);
}

/* A thread that has no heap was amid the free of an orphan's last object: it had pushed it, and not yet told anybody. */
static void what_a_thread_without_a_heap_was_freeing_is_free_after_a_fork(void **state)
{
    (void)state;
    struct theap *other = begin_thread();
    struct object *o = first_object(64);
    struct slab *slab = slab_of(o);
    end_thread(other);
    o->next = NULL;
    o->mark = object_mark(o);
    __atomic_store_n(&slab_remote(slab)->word,
                     (uintptr_t)o | UINT64_C(1) << REMOTE_COUNT_SHIFT | REMOTE_POSTED,
                     __ATOMIC_RELEASE);
    registry_after_fork(begin_thread(), false);
    assert_int_equal(slab_count(), 0);
}

static void a_fork_of_the_only_thread_changes_nothing(void **state)
{
    (void)state;
    struct theap *mine = begin_thread();
    objects[0] = first_object(64);
    registry_after_fork(mine, true);
    assert_ptr_equal(slab_owner(slab_of(objects[0])), mine);
    front_free(objects[0]);
}

static void *of_vanished; /* NULL: it was freed */
static struct theap *interrupted;

static void free_as_handler(void)
{
    become(THEAP_OFF);
    front_free(of_vanished);
    become(interrupted);
    of_vanished = NULL;
}

/* The other slab of the vanished thread has no objects and is given back, whereby the system is called: before the one that the
 * handler frees in is an orphan, or afterwards. */
static void a_handler_frees_amid_a_fork(size_t call, bool is_behind)
{
    begin_thread();
    of_vanished = is_behind ? NULL : first_object(64);
    void *other = first_object(1024);
    memset(other, 1, 1024);
    of_vanished = is_behind ? first_object(64) : of_vanished;
    front_free(other);
    interrupted = begin_thread();

    fake_os_interrupt(call, free_as_handler);
    registry_after_fork(interrupted, false);
    fake_os_interrupt(0, NULL);

    if (of_vanished != NULL) {
        free_as_handler();
    }
    assert_int_equal(slab_count(), 0);
    end_thread(interrupted);
}

static void what_a_handler_frees_amid_a_fork_is_not_forgotten(void **state)
{
    (void)state;
    enum { CALLS_MAX = 6 };
    size_t dirty_max = options.dirty_max;
    options.dirty_max = 0;
    for (size_t call = 0; call < CALLS_MAX; call++) {
        a_handler_frees_amid_a_fork(call, false);
        a_handler_frees_amid_a_fork(call, true);
    }
    options.dirty_max = dirty_max;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(the_first_thread_gets_no_heap_while_memory_is_out),
        FRONT_TEST(threads_at_a_time_have_heaps_of_their_own),
        FRONT_TEST(the_heap_of_an_ended_thread_serves_the_next),
        FRONT_TEST(while_memory_is_out_only_new_heaps_are_refused),
        FRONT_TEST(only_heaps_that_serve_a_thread_are_visited),
        FRONT_TEST(the_cache_limit_is_shared_by_the_threads),
        FRONT_TEST(slabs_that_nobody_has_touched_do_not_make_the_cache_limit_grow),
        FRONT_TEST(the_cache_limit_grows_with_the_heap_up_to_a_bound),
        FRONT_TEST(what_the_cores_have_free_makes_no_limit_of_several_grow),
        FRONT_TEST(the_limit_of_wide_caches_is_a_larger_share_of_a_large_heap),
        FRONT_TEST(the_wide_cache_of_an_only_thread_may_have_as_much_as_the_heap),
        FRONT_TEST(the_limit_of_wide_caches_grows_with_their_use_up_to_a_bound),
        FRONT_TEST(what_threads_hold_for_their_swings_is_bounded_for_all_together),
        FRONT_TEST(what_an_ended_thread_held_for_its_swing_is_for_others),
        FRONT_TEST(what_a_vanished_thread_held_for_its_swing_is_for_others),
        FRONT_TEST(what_was_emptied_has_no_swing),
        FRONT_TEST(a_thread_that_ends_leaves_no_slab_without_objects),
        FRONT_TEST(a_slab_with_objects_becomes_an_orphan),
        FRONT_TEST(an_orphan_serves_another_thread),
        FRONT_TEST(who_frees_in_an_orphan_and_asks_for_its_class_adopts_it),
        FRONT_TEST(who_only_frees_adopts_nothing),
        FRONT_TEST(who_adopts_gives_back_what_others_have_emptied_since),
        FRONT_TEST(who_asks_for_nothing_more_adopts_only_so_much),
        FRONT_TEST(a_thread_that_ends_adopts_nothing_more),
        FRONT_TEST(an_orphan_with_absent_pages_stays_one),
        FRONT_TEST(an_orphan_of_another_class_is_not_adopted),
        FRONT_TEST(an_orphan_without_free_objects_is_not_adopted),
        FRONT_TEST(a_full_orphan_is_adopted_once_others_have_freed_in_it),
        FRONT_TEST(each_of_several_orphans_can_be_adopted),
        FRONT_TEST(among_many_full_orphans_one_with_room_is_found_in_the_end),
        FRONT_TEST(an_orphan_whose_last_object_is_freed_goes_back),
        FRONT_TEST(an_orphan_in_the_midst_of_others_goes_back),
        FRONT_TEST(what_is_on_its_way_to_a_thread_that_ends_is_not_lost),
        FRONT_TEST(a_slab_in_the_inbox_of_a_thread_that_ends_becomes_an_unposted_orphan),
        FRONT_TEST(a_slab_in_the_inbox_of_a_wrong_heap_is_posted_on),
        FRONT_TEST(a_note_of_what_is_no_orphan_is_refused),
        FRONT_TEST(who_is_inside_a_core_does_not_wait_for_the_registry),
        FRONT_TEST(who_has_lent_itself_the_registry_can_use_it),
        FRONT_TEST(what_interrupts_the_registry_gets_nothing_and_does_not_wait),
        FRONT_TEST(what_idle_threads_have_cached_is_taken),
        FRONT_TEST(what_a_thread_has_cached_is_left_while_it_is_inside),
        FRONT_TEST(what_the_thread_itself_has_cached_is_left),
        FRONT_TEST(who_takes_waits_for_no_core_while_heaps_are_shut),
        FRONT_TEST(an_owner_waits_while_its_heap_is_shut),
        FRONT_TEST(a_thread_has_at_once_what_the_last_one_had_cached),
        FRONT_TEST(the_heap_that_was_left_last_serves_first),
        FRONT_TEST(only_so_many_heaps_rest),
        FRONT_TEST(a_heap_rests_with_so_many_bytes_only),
        FRONT_TEST(what_rests_counts_as_free),
        FRONT_TEST(what_rests_is_taken_where_memory_is_needed),
        FRONT_TEST(what_rests_goes_back_in_a_forked_child_without_its_threads),
        FRONT_TEST(what_rests_stays_in_a_forked_child_of_the_only_thread),
        FRONT_TEST(after_a_fork_the_slabs_of_other_threads_are_orphans),
        FRONT_TEST(after_a_fork_what_others_held_back_and_posted_is_passed_on),
        FRONT_TEST(after_a_fork_the_inbox_has_this_threads_slabs_alone),
        FRONT_TEST(after_a_fork_what_was_just_being_held_back_is_counted),
        FRONT_TEST(after_a_fork_of_a_thread_without_a_heap_all_slabs_are_orphans),
        FRONT_TEST(what_a_thread_without_a_heap_was_freeing_is_free_after_a_fork),
        FRONT_TEST(a_fork_of_the_only_thread_changes_nothing),
        FRONT_TEST(what_a_handler_frees_amid_a_fork_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, front_group_setup, NULL);
}
