/*
 * Maps of live objects.
 */
#include "front/live_map.h"

#include "base/options.h"
#include "base/report.h"
#include "core/cores.h"
#include "os/alone.h"

struct map {
    struct object head; /* bears a mark */
    uint64_t words[MA_GRANULE / MA_ALIGNMENT / 64];
};

static uintptr_t mark_of(const struct map *map)
{
    return ~(uintptr_t)map ^ mb_key << 1;
}

static struct map *map_of(const struct slab *slab)
{
    return (struct map *)((char *)slab->live_map - offsetof(struct map, words));
}

void live_map_open(struct slab *slab)
{
    struct map *map = options.check != 0 ? cores_alloc_zeroed(sizeof(*map)) : NULL;
    if (map != NULL) {
        map->head.mark = mark_of(map);
    }
    slab->live_map = map != NULL ? map->words : NULL;
}

void live_map_close(struct slab *slab)
{
    if (slab->live_map != NULL) {
        struct map *map = map_of(slab);
        slab->live_map = NULL;
        map->head.mark = 0;
        cores_free(cores_owner_of(map), map);
    }
}

bool live_map_is(const void *payload)
{
    const struct map *map = payload;
    return map->head.mark == mark_of(map);
}

size_t live_map_bytes(const struct slab *slab)
{
    return slab->live_map != NULL ? mb_usable(mb_of_payload(map_of(slab))) : 0;
}

static uint64_t *word_of(const struct slab *slab, const void *object, uint64_t *bit)
{
    size_t number = (uintptr_t)object % MA_GRANULE / MA_ALIGNMENT;
    *bit = UINT64_C(1) << (number % 64);
    return &slab->live_map[number / 64];
}

/*
 * Change one bit of a word: whether it was set. Other threads, or a handler, change other bits at the same time. Where there is no
 * other thread it suffices that no handler comes between reading and writing: one instruction does both, and where the processor
 * has such it need not be atomic.
 */
static bool exchange_bit(uint64_t *word, uint64_t bit, bool is_set)
{
#if defined(__x86_64__)
    if (os_is_alone()) {
        bool was_set = (__atomic_load_n(word, __ATOMIC_RELAXED) & bit) != 0;
        if (is_set) {
            __asm__("orq %1, %0" : "+m"(*word) : "r"(bit) : "cc");
        } else {
            __asm__("andq %1, %0" : "+m"(*word) : "r"(~bit) : "cc");
        }
        return was_set;
    }
#endif
    uint64_t old = is_set ? __atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL)
                          : __atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
    return (old & bit) != 0;
}

void live_map_set(const struct slab *slab, const void *object)
{
    if (slab->live_map != NULL) {
        uint64_t bit;
        uint64_t *word = word_of(slab, object, &bit);
        bool was_live = exchange_bit(word, bit, true);
        MA_CHECK(!was_live,
                 "corrupted free list: it leads to the live block of %zu bytes at %p; memory was "
                 "probably written to after it was freed",
                 class_size(slab->size_class), object);
    }
}

static void require(bool was_live, const struct slab *slab, const void *object, const char *caller)
{
    MA_CHECK(was_live, "%s(%p): double free: the block of %zu bytes is free already", caller,
             object, class_size(slab->size_class));
}

void live_map_clear(const struct slab *slab, const void *object, const char *caller)
{
    if (slab->live_map != NULL) {
        uint64_t bit;
        uint64_t *word = word_of(slab, object, &bit);
        require(exchange_bit(word, bit, false), slab, object, caller);
    }
}

void live_map_require(const struct slab *slab, const void *object, const char *caller)
{
    if (slab->live_map != NULL) {
        uint64_t bit;
        const uint64_t *word = word_of(slab, object, &bit);
        require((__atomic_load_n(word, __ATOMIC_ACQUIRE) & bit) != 0, slab, object, caller);
    }
}
