/*
 * The lists of slabs without an owner.
 */
#include "front/orphans.h"

#include "front/remote.h"

/* So many slabs are looked at for one that can serve: a thread that has ended may have left thousands without room. */
enum { LOOK_COUNT = 8 };

static granule_index firsts[CLASS_COUNT]; /* atomic */
static granule_index lasts[CLASS_COUNT];  /* where there is a first */

static void set_first(size_t size_class, granule_index index)
{
    __atomic_store_n(&firsts[size_class], index, __ATOMIC_RELAXED);
}

bool orphans_exist(size_t size_class)
{
    return __atomic_load_n(&firsts[size_class], __ATOMIC_RELAXED) != 0;
}

void orphans_push(struct slab *slab)
{
    granule_index head = firsts[slab->size_class];
    slab->state = SLAB_ORPHAN;
    slab_set_notify(slab, SLAB_NEVER);
    slab->next = head;
    slab->prev = 0;
    if (head != 0) {
        slab_number(head)->prev = slab_index(slab);
    } else {
        lasts[slab->size_class] = slab_index(slab);
    }
    set_first(slab->size_class, slab_index(slab));
}

void orphans_remove(struct slab *slab)
{
    if (slab->next != 0) {
        slab_number(slab->next)->prev = slab->prev;
    } else {
        lasts[slab->size_class] = slab->prev;
    }
    if (slab->prev != 0) {
        slab_number(slab->prev)->next = slab->next;
    } else {
        set_first(slab->size_class, slab->next);
    }
}

static bool can_serve(const struct slab *slab)
{
    return slab->free != NULL || remote_first(slab) != NULL ||
           slab_carved(slab) < slab_capacity(slab);
}

/* Make the first of a class the last. */
static void put_behind(struct slab *slab)
{
    struct slab *last = slab_number(lasts[slab->size_class]);
    if (last == slab) {
        return;
    }
    orphans_remove(slab);
    slab->next = 0;
    slab->prev = slab_index(last);
    last->next = slab_index(slab);
    lasts[slab->size_class] = slab_index(slab);
}

struct slab *orphans_find(size_t size_class)
{
    for (int i = 0; i < LOOK_COUNT && firsts[size_class] != 0; i++) {
        struct slab *slab = slab_number(firsts[size_class]);
        if (can_serve(slab)) {
            return slab;
        }
        put_behind(slab);
    }
    return NULL;
}

void orphans_destroy(struct slab *slab)
{
    orphans_remove(slab);
    __atomic_store_n(&slab_remote(slab)->word, 0, __ATOMIC_RELAXED);
    slab_destroy(slab);
}

static bool is_forgotten(const struct slab *slab)
{
    uint64_t word = __atomic_load_n(&slab_remote(slab)->word, __ATOMIC_SEQ_CST);
    return (word & REMOTE_POSTED) == 0 && (size_t)(word >> REMOTE_COUNT_SHIFT) == slab_used(slab);
}

void orphans_destroy_forgotten(void)
{
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        granule_index index = firsts[c];
        while (index != 0) {
            struct slab *slab = slab_number(index);
            index = slab->next;
            if (is_forgotten(slab)) {
                orphans_destroy(slab);
            }
        }
    }
}
