/*
 * A thread's heap: its slabs, by class, and what it holds back for others.
 *
 * A thread heap has no lock: its owner alone touches it, save the inbox. While its owner is
 * inside the allocator, the thread's pointer to it leads to THEAP_BUSY instead (front/front.h).
 */
#ifndef MA_FRONT_THEAP_H
#define MA_FRONT_THEAP_H

#include "core/decay.h"
#include "front/medium.h"
#include "front/slab.h"
#include "front/swing.h"

/* No more slabs are taken in. */
#define INBOX_CLOSED UINT32_MAX

/* Chains of objects that this thread has freed in others' slabs and not passed on yet. */
enum { PENDING_COUNT = 8 };

struct pending {
    struct slab *slab; /* NULL: none */
    struct object *first;
    struct object *last;
    size_t count;
};

struct theap {
    /* Owner thread only: */
    struct slab *current[CLASS_COUNT];  /* never NULL: `no_slab` where there is none */
    granule_index partial[CLASS_COUNT]; /* slabs that may serve next */
    granule_index sparse[CLASS_COUNT];  /* slabs with absent pages, which serve after those */
    uint8_t warmth[CLASS_COUNT];        /* requests so far, until the class has earned slabs */
    uint16_t created[CLASS_COUNT];      /* slabs of the class that the core gave, roughly */
    bool is_leaving;                    /* the thread's destructors run */
    granule_index slabs;                /* all of this heap's */
    size_t afforded_count;      /* classes that have slabs though they have few live objects */
    granule_index newest_empty; /* slabs without used objects, which are kept for */
    granule_index oldest_empty; /* when this class or another needs one */
    size_t empty_bytes;   /* of those that have been used of them; atomic, as others read it */
    struct decay empty;   /* how many they are */
    size_t empty_due;     /* of these, how many are to be released with the next slow calls */
    size_t empty_looks;   /* calls that looked whether to release any */
    size_t adopted_count; /* slabs that were adopted for a free, since an object was asked for */
    size_t created_count; /* slabs that the core was asked for, since the last sweep */
    size_t sweep_at;      /* the next sweep comes at this count */
    struct decay thin;    /* slabs that are thin */
    size_t purge_due;     /* of these, how many are to be purged with the next slow calls */
    granule_index purge_next; /* where among all slabs the purge goes on; 0: at the first */
    size_t slow_count;        /* slow calls, each of which may look whether to purge */
    struct pending pending[PENDING_COUNT]; /* by the slab's index */
    struct medium medium;
    size_t share;         /* as registry.h has it, when it was looked at last */
    size_t cache_limit;   /* so many bytes of it are for blocks in the cache */
    size_t keep_left;     /* blocks that are cached until these are looked at again */
    size_t trust_left;    /* the last of these, so many, are not looked behind */
    bool is_seasoned;     /* the thread has had its first */
    bool asks;            /* the thread has asked for blocks */
    bool has_lacked;      /* one, since one that nobody asks for was looked for */
    struct swing swing;   /* of the blocks in the cache */
    size_t granted;       /* bytes of its share that it has for its swing: see registry.c */
    size_t refused_count; /* blocks that are asked for, and had no room in the narrow cache */
    /* Atomic: */
    granule_index inbox; /* slabs in which others have freed objects; or INBOX_CLOSED */
    bool is_shut;        /* another thread takes what is cached here: see reclaim.h */
    bool is_overdue;     /* another has seen slabs in the inbox, which was not read since */
    /* Owner thread only, and it stays when the owner ends: */
    struct medium_places *places; /* memory for a wider cache; NULL: none yet */
    uint64_t begun_classes;       /* see has_begun() in theap.c */
    /* Registry lock: */
    const ptrdiff_t *pointer; /* the owner's front_offset, which is atomic */
    struct theap *next;
    struct theap *rest_next; /* in the list of those at rest, which keep what they have cached */
    granule_index apart;     /* slabs that another thread is about to take: see waiting.h */
    bool is_searched;        /* it does so now: a forked child may find the lists torn */
    bool is_taken;
};

static inline bool theap_is_real(const struct theap *heap)
{
    return (uintptr_t)heap - (uintptr_t)THEAP_NONE > (uintptr_t)THEAP_SLOW - (uintptr_t)THEAP_NONE;
}

/* An empty heap, its inbox open. The fields of the registry stay. */
void theap_init(struct theap *heap);

/* Before the owner ends: slabs without used objects serve no class, and of them and of blocks no more than `limit` bytes each
 * stay cached. */
void theap_settle(struct theap *heap, size_t limit);

/* All slabs but the empty ones have been taken from the heap: make it one that has cached what it has, and whose classes have
 * earned what they have. */
MA_RARE void theap_rest(struct theap *heap);

/* The same heap has a new owner. */
void theap_wake(struct theap *heap);

/*
 * An object for a request of `size` bytes, the current slab of whose class has none.
 * Requires: 0 < size <= MA_SMALL_MAX.
 *
 * @return NULL where the class has not earned a slab yet, or memory is out: the core is to serve.
 */
struct object *theap_refill(struct theap *heap, size_t size);

/* `slab`, whose owner is `heap`, has just met its `notify_at`. */
void theap_notified(struct theap *heap, struct slab *slab);

/* Free the live object `o` of another's slab. */
void theap_free_remote(struct theap *heap, struct slab *slab, struct object *o);

/* Pass on what is held back for others. */
void theap_flush(struct theap *heap);

/* The same in a forked child, for a thread that vanished, maybe as it held one object more back. */
MA_RARE void theap_flush_vanished(struct theap *heap);

/* Take over `slab`, which no one owns, into the list of those that may serve. */
void theap_own(struct theap *heap, struct slab *slab);

/* Look through the inbox. */
void theap_read_inbox(struct theap *heap);

/* Wait until no other thread takes what is cached. */
MA_RARE void theap_await(const struct theap *heap);

/* The same, if this thread has not interrupted a core: the other may wait for that one. False: it has, and what is cached is not to be
 * touched. */
MA_RARE bool theap_await_outside_cores(const struct theap *heap);

/* Bytes of blocks and of empty slabs that are cached. Any thread. */
static inline size_t theap_cached_bytes(const struct theap *heap)
{
    return medium_all_bytes(&heap->medium) + __atomic_load_n(&heap->empty_bytes, __ATOMIC_RELAXED);
}

/* Whether another thread takes what is cached just now. */
static inline bool theap_is_shut(const struct theap *heap)
{
    return __atomic_load_n(&heap->is_shut, __ATOMIC_ACQUIRE);
}

/* What the owner does, once it is inside the allocator, before it touches what is cached. False: it may not. */
static inline bool theap_begin(const struct theap *heap)
{
    return __builtin_expect(!theap_is_shut(heap), 1) || theap_await_outside_cores(heap);
}

/* A heap looks anew how much it may cache after so many blocks: more where the cache is wide, as it is to hold swings of thousands. */
enum { THEAP_LIMIT_AGE = 256, THEAP_WIDE_LIMIT_AGE = 512 };

/* From the second of these times on, one block in so many is looked behind. */
enum { THEAP_LOOK_SHARE = 8 };

/* A cache is widened when it has had no room so often. */
enum { THEAP_REFUSED_MAX = 128 };

/* Look anew how much may be cached, and give back what is more. */
void theap_bound_cache(struct theap *heap);

/* Give the core some of the largest cached blocks, lest it grows: `size` bytes and more if that does not take long. None where those of
 * before were asked for since, and little is cached. */
void theap_shed(struct theap *heap, size_t size);

/* Whether slabs serve requests of `usable` bytes. */
static inline bool theap_has_slab(const struct theap *heap, size_t usable)
{
    return usable <= MA_SMALL_MAX && heap->current[class_of(usable)] != theap_nothing[0];
}

/*
 * Whether the next block that is cached is looked behind: at the header of the next one, over which it may have been written past.
 *
 * That header lies where the program has not been lately, and to read it is most of what a free takes where many blocks live: see ADR 0033.
 * A thread's first blocks are all looked behind, and then one in THEAP_LOOK_SHARE; and each that goes back to the core. What stands there is
 * believed by nobody before it has been checked.
 */
static inline bool theap_looks_behind(const struct theap *heap)
{
    return heap->keep_left > heap->trust_left;
}

/* Keep the used block `b` of the core, of `size` bytes, for later where there is a place for it without further ado, and where it is
 * looked behind, all is well there. Requires: medium_caches(size). */
static inline __attribute__((always_inline)) bool
theap_keep_at_once(struct theap *heap, struct mem_block *b, size_t size)
{
    struct medium *medium = &heap->medium;
    size_t bin = medium_bin(size);
    if (theap_has_slab(heap, size - MB_OVERHEAD) || !medium_has_place(medium, bin) ||
        medium->bytes + size > heap->cache_limit || heap->keep_left == 0 ||
        (theap_looks_behind(heap) && !mb_follows_used(mb_at(b, size)))) {
        return false;
    }
    heap->keep_left--;
    medium_add(medium, b, size, bin);
    return true;
}

/* Keep a used block of the core for later, and no more of them than the thread's share. False: it is
 * too large for that, or slabs serve its size. */
bool theap_keep(struct theap *heap, struct mem_block *b);

/* A payload of at least `size` bytes, for which medium_take_first() had none: from another bin, or of what other threads have passed
 * on. NULL where the core is to serve. */
void *theap_take_other(struct theap *heap, size_t size);

/* Give back all slabs that are empty, current ones included, and the pages without live objects in all others that serve
 * nothing now. True where there were any. */
MA_RARE bool theap_release(struct theap *heap);

#endif
