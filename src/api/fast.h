/*
 * What other functions than malloc and free need to be as short as those.
 */
#ifndef MA_API_FAST_H
#define MA_API_FAST_H

#include "front/front.h"

/* As ma_malloc(); but what that does not give, or an option looks closer at, is the result of `finish(payload, size)`. */
MA_HIDDEN void *fast_malloc_or(size_t size, void *(*finish)(void *payload, size_t size));

/*
 * Free a live small object of the calling thread's own, which lies in the granule of that number. False, and nothing has happened: it is none,
 * or more is to be done.
 *
 * `size`: what was asked for, where it `is_told`; false, too, where the object cannot have been given for that.
 */
static inline __attribute__((always_inline)) bool fast_free(size_t number, void *payload,
                                                            bool is_told, size_t size)
{
    struct theap *heap = front_heap();
    const struct granule *granule = &space_map.granules[number];
    struct slab *slab = slab_number(number);
    if (__builtin_expect(granule_owner_word(granule) == owner_distance(heap), 1) &&
        (!is_told || __builtin_expect(class_serves(granule->size_class, class_of(size)), 1))) {
        uintptr_t mark = object_mark(payload);
        if (__builtin_expect(granule_has_unmarked(granule, payload, mark), 1)) {
            front_push(heap, slab, payload, mark);
            return true;
        }
        object_forget(mark);
    }
    return false;
}

/* The same of `payload`, wherever it lies. */
static inline __attribute__((always_inline)) bool fast_free_object(void *payload)
{
    size_t number = space_granule_number(payload);
    return __builtin_expect(space_has_granule(number), 1) && fast_free(number, payload, false, 0);
}

/* The same of an object that was asked for with that size. */
static inline __attribute__((always_inline)) bool fast_free_sized(void *payload, size_t size)
{
    size_t number = space_granule_number(payload);
    return size - 1 < MA_SMALL_MAX && space_has_granule(number) &&
           fast_free(number, payload, true, size);
}

/* The segment in which `payload` lies, if it is one of a core's block; else NULL. */
static inline const struct segment *segment_of_block(const void *payload)
{
    size_t number = space_granule_number(payload);
    return space_has_granule(number) && granule_owner_word(&space_map.granules[number]) == 0
               ? granule_segment(&space_map.granules[number])
               : NULL;
}

#endif
