/*
 * Thread heaps over a pretended system.
 */
#include "front_fixture.h"

#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HEAPS_MAX = 64 };

static struct theap *open_heaps[HEAPS_MAX];
static size_t open_count;
static bool is_broken;
static void *hoard; /* granules that were taken from the cores, as a list */

int front_group_setup(void **state)
{
    (void)state;
    fake_os_reset();
    mb_key = UINT64_C(0x9d3f5c71a2e84b06);
    if (!space_start()) {
        return -1;
    }
    cores_start();
    return 0;
}

void front_is_broken(void)
{
    is_broken = true;
}

struct theap *begin_thread(void)
{
    struct theap *heap = registry_enter();
    if (heap != NULL) {
        open_heaps[open_count++] = heap;
        medium_want(&heap->medium, medium_bin_for(5000));
        become(heap);
    }
    return heap;
}

void end_thread(struct theap *heap)
{
    for (size_t i = 0; i < open_count; i++) {
        if (open_heaps[i] == heap) {
            open_heaps[i] = open_heaps[--open_count];
            break;
        }
    }
    become(THEAP_OFF);
    registry_leave(heap);
}

void become(struct theap *heap)
{
    front_leave(heap);
}

void *front_malloc(size_t size)
{
    struct theap *heap = front_enter();
    void *object = front_pop(heap, size);
    return object != NULL ? object : front_alloc_slow(heap, size);
}

void front_free(void *object)
{
    struct slab *slab = slab_of(object);
    struct theap *heap = front_heap();
    if (slab_owner(slab) == heap && granule_has_live(slab_granule(slab), object)) {
        front_push(heap, slab, object, object_mark(object));
    } else {
        front_free_slow(slab, object);
    }
}

void *first_object(size_t size)
{
    void *object = NULL;
    for (int i = 0; i <= MA_WARM_COUNT && object == NULL; i++) {
        object = front_malloc(size);
    }
    return object;
}

size_t take_all(void **objects, size_t count, size_t size)
{
    struct slab *slab = front_heap()->current[class_of(size)];
    while (slab_used(slab) - remote_count_of(slab) < slab_capacity(slab)) {
        objects[count++] = front_malloc(size);
    }
    return count;
}

void release(void *payload)
{
    cores_free(cores_owner_of(payload), payload);
}

void cache_blocks(void)
{
    void *blocks[20];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = cores_alloc(10000);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        assert_true(front_keep(mb_of_payload(blocks[i])));
    }
}

void use_up_memory(void)
{
    fake_os_refuse_from(0);
    for (void **granule; (granule = cores_alloc_granule(NULL)) != NULL;) {
        *granule = hoard;
        hoard = granule;
    }
}

void give_memory_back(void)
{
    fake_os_refuse_from(SIZE_MAX);
    cores_free_chain(hoard);
    hoard = NULL;
}

static size_t count_granules(bool with_heaps)
{
    size_t count = 0;
    for (size_t i = 1; i < space_map.granule_count; i++) {
        const struct theap *owner = slab_owner(slab_number((granule_index)i));
        count += owner != NULL && (owner == OWNER_HEAPS) == with_heaps;
    }
    return count;
}

size_t slab_count(void)
{
    return count_granules(false);
}

static int add_stats(struct ma_core *core, void *context)
{
    core_add_stats(core, context);
    return 0;
}

size_t core_live_count(void)
{
    struct ma_stats stats = {0};
    cores_each(add_stats, &stats);
    return stats.live_count;
}

struct ma_stats front_stats(void)
{
    struct ma_stats stats = {0};
    cores_each(add_stats, &stats);
    front_correct_stats(&stats);
    return stats;
}

size_t length_of(const struct object *o)
{
    size_t length = 0;
    for (; o != NULL; o = o->next) {
        length++;
    }
    return length;
}

static int check(struct ma_core *core, void *context)
{
    (void)context;
    return core_check(core);
}

static bool fails(bool condition, const char *what)
{
    if (condition) {
        fprintf(stderr, "after the test: %s\n", what);
    }
    return condition;
}

int front_teardown(void **state)
{
    (void)state;
    if (is_broken) {
        is_broken = false;
        return 0;
    }
    give_memory_back();
    while (open_count > 0) {
        struct theap *heap = open_heaps[--open_count];
        become(THEAP_OFF);
        if (heap->is_taken) { /* not so after a fork */
            registry_leave(heap);
        }
    }
    reclaim_all(NULL);
    bool has_failed = fails(cores_are_entered(), "a core is entered still") ||
                      fails(front_check(NULL) != 0, "an orphan is broken") ||
                      fails(cores_each(check, NULL) != 0, "a core is broken") ||
                      fails(slab_count() != 0, "slabs are left") ||
                      fails(core_live_count() != count_granules(true), "blocks are left");
    return has_failed ? -1 : 0;
}

size_t live_in(const struct slab *slab)
{
    return slab_used(slab) - remote_count_of(slab);
}
