/*
 * libma: a best-fit memory allocator over the program break.
 *
 * These are the functions of malloc's family under names of their own. The
 * shared library also exports them under the libc names, so a program that is
 * linked with -lma or run with LD_PRELOAD=libma.so uses them without a change.
 *
 * Every function is thread-safe unless its description says otherwise. Every
 * payload is aligned to 16 bytes at least, whatever its size. Sizes and
 * alignments are in bytes throughout. No function but ma_walk() calls back into
 * the program.
 *
 * A program that misuses memory (frees a payload twice, frees what was never
 * allocated, writes over a block's header) is stopped: one line on stderr that
 * says what and where, then abort().
 */
#ifndef MA_H
#define MA_H

#include <stddef.h>

#if defined(__GNUC__)
#define MA_API __attribute__((visibility("default")))
#else
#define MA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Allocate `size` bytes.
 *
 * @param size  bytes; 0 gives a unique pointer that may be freed.
 * @return the payload, its contents undefined; NULL with errno ENOMEM when
 *         memory is out or `size` exceeds PTRDIFF_MAX.
 *
 * Thread-safe. Release with ma_free().
 * Source: C11 7.22.3.4 malloc.
 */
MA_API void *ma_malloc(size_t size);

/**
 * Release a payload.
 *
 * @param payload  from any allocating function of this library, or NULL, which
 *                 does nothing. Anything else is reported and aborts.
 *
 * Thread-safe; any thread may release what any other allocated. errno is kept.
 * Source: C11 7.22.3.3 free; POSIX.1-2024 (errno).
 */
MA_API void ma_free(void *payload);

/**
 * Allocate an array of `count` elements of `size` bytes, all bytes zero.
 *
 * @return the payload; NULL with errno ENOMEM when memory is out or
 *         `count * size` overflows or exceeds PTRDIFF_MAX.
 *
 * Thread-safe. Release with ma_free().
 * Source: C11 7.22.3.2 calloc.
 */
MA_API void *ma_calloc(size_t count, size_t size);

/**
 * Change the size of a payload, in place where the neighbours allow.
 *
 * @param payload  as for ma_free(); NULL makes this ma_malloc(size).
 * @param size     bytes; 0 releases the payload and returns NULL, as glibc does.
 * @return the payload, perhaps moved, its first min(old, new) bytes kept; NULL
 *         with errno ENOMEM when memory is out, the old payload then untouched.
 *
 * Thread-safe. Release with ma_free().
 * Source: C11 7.22.3.5 realloc; glibc's manual for size 0.
 */
MA_API void *ma_realloc(void *payload, size_t size);

/**
 * ma_realloc() to `count * size` bytes.
 *
 * @return as ma_realloc(); NULL with errno ENOMEM when the product overflows,
 *         the old payload then untouched.
 *
 * Thread-safe. Source: POSIX.1-2024 reallocarray.
 */
MA_API void *ma_reallocarray(void *payload, size_t count, size_t size);

/**
 * Allocate `size` bytes at an address that is a multiple of `alignment`.
 *
 * @param alignment  bytes; a power of two.
 * @param size       bytes; need not be a multiple of `alignment`.
 * @return the payload; NULL with errno EINVAL for a bad alignment, or ENOMEM.
 *
 * Thread-safe. Release with ma_free().
 * Source: C17 7.22.3.1 aligned_alloc.
 */
MA_API void *ma_aligned_alloc(size_t alignment, size_t size);

/**
 * Allocate `size` bytes at an address that is a multiple of `alignment`.
 *
 * @param out        receives the payload; untouched on failure.
 * @param alignment  bytes; a power of two and a multiple of sizeof(void *).
 * @param size       bytes; 0 gives a unique pointer that may be freed.
 * @return 0, EINVAL (bad alignment) or ENOMEM. errno is left alone.
 *
 * Thread-safe. Release with ma_free().
 * Source: POSIX.1-2017 posix_memalign.
 */
MA_API int ma_posix_memalign(void **out, size_t alignment, size_t size);

/**
 * Allocate `size` bytes at a multiple of `alignment`, the older interface.
 *
 * @param alignment  bytes; rounded up to a power of two, as glibc does.
 * @return the payload; NULL with errno EINVAL when no power of two can be as
 *         large as `alignment`, or ENOMEM.
 *
 * Thread-safe. Release with ma_free().
 * Source: glibc's manual, memalign.
 */
MA_API void *ma_memalign(size_t alignment, size_t size);

/**
 * Release a payload whose requested size the caller knows.
 *
 * @param payload  as for ma_free().
 * @param size     bytes, as given to ma_malloc(), ma_calloc() (the product) or
 *                 ma_realloc(). A size the block cannot have been allocated
 *                 with is reported and aborts.
 *
 * Thread-safe. errno is kept. Source: C23 7.24.3.4 free_sized.
 */
MA_API void ma_free_sized(void *payload, size_t size);

/**
 * Release a payload from ma_aligned_alloc() whose alignment and size are known.
 *
 * @param alignment  bytes, as given when it was allocated.
 * @param size       bytes, as given when it was allocated.
 *
 * An alignment that the payload does not have, or a size that cannot be right,
 * is reported and aborts. Thread-safe. errno is kept.
 * Source: C23 7.24.3.5 free_aligned_sized.
 */
MA_API void ma_free_aligned_sized(void *payload, size_t alignment, size_t size);

/**
 * The number of bytes that may be written to a payload.
 *
 * @return at least the requested size, and all of it is the caller's to use; 0
 *         for NULL.
 *
 * Thread-safe. Source: glibc's manual, malloc_usable_size.
 */
MA_API size_t ma_usable_size(const void *payload);

/**
 * Give memory back to the system: what threads have cached, free memory at the top of
 * the heap, and all whole pages in other free blocks.
 *
 * @param pad  bytes of free memory to keep at the top.
 * @return 1 when memory was given back, else 0.
 *
 * Thread-safe. Source: glibc's manual, malloc_trim.
 */
MA_API int ma_trim(size_t pad);

/** The state of the heap, in bytes unless a name ends in `_count`. */
struct ma_stats {
    size_t live_bytes;      /* usable bytes of live blocks */
    size_t live_count;      /* live blocks */
    size_t peak_live_bytes; /* the most that the program has had of the cores: the most
                               `live_bytes` has been, and what was cached by then. A slab counts
                               with all of its bytes, a signal handler's blocks apart */
    size_t free_bytes;      /* free blocks, headers included */
    size_t free_count;      /* free blocks */
    size_t largest_free;    /* the largest free block, header included */
    size_t top_free_bytes;  /* the free block that ends the heap, or 0: ma_trim(0) gives
                               back what it has of whole granules */
    size_t resident_bytes;  /* what of heap and table may be resident: all but blank_bytes.
                               live_bytes + cached_bytes + dirty_bytes + fragment_bytes +
                               overhead_bytes + table_bytes; less is where the program has not
                               touched all of its live blocks */
    size_t cached_bytes;    /* free blocks and slabs that threads keep for their next requests */
    size_t dirty_bytes;     /* whole pages in free blocks that were written to; ma_trim(0) gives
                               them back */
    size_t blank_bytes;     /* whole pages in free blocks, and parts of slabs, that were never
                               used, or purged: not resident */
    size_t fragment_bytes;  /* all other free memory: it shares its pages with live blocks */
    size_t overhead_bytes;  /* headers of live blocks, fences, segment records; what slabs have
                               besides objects, and the granules of thread heaps, most of which
                               is never touched; with `check`, what lies around a block */
    size_t break_bytes;     /* taken from the program break and held */
    size_t mmap_bytes;      /* taken by mmap, where the break was refused, and held */
    size_t peak_heap_bytes; /* the most `break_bytes + mmap_bytes` has been */
    size_t peak_mmap_bytes; /* the most `mmap_bytes` has been */
    size_t mmap_count;      /* segments that were taken by mmap */
    size_t peak_mmap_count; /* the most `mmap_count` has been */
    size_t table_bytes;     /* descriptor table in use, outside the heap */
    size_t segment_count;   /* runs of address space that the heap consists of */
    size_t allocate_count;  /* blocks that the cores have handed out since the start; those that
                               a thread takes from its slabs are not counted one by one */
    size_t release_count;   /* blocks that the cores have taken back since the start */
    size_t purged_bytes;    /* whole pages in free blocks that were given back since the start */
    size_t cleared_bytes;   /* of what the cores gave ma_calloc() since the start, what was
                               not known to be zero and had to be cleared */
};

/**
 * Fill in `*out` with the state of the heap at one moment.
 *
 * break_bytes + mmap_bytes = live_bytes + free_bytes + overhead_bytes, and
 * free_bytes = cached_bytes + dirty_bytes + blank_bytes + fragment_bytes. What was requested
 * is not recorded: live_bytes exceed it by up to 15 bytes a block (24 for requests of 0
 * bytes), above 128 bytes by up to a quarter, above 1 KiB by up to a sixteenth, or a quarter
 * of a block that came from a cache; and by what realloc left for a payload to grow into, an
 * eighth of it at most.
 *
 * Thread-safe; the largest free block is found in O(log n). Source: libma.
 */
MA_API void ma_stats(struct ma_stats *out);

/** One block, as ma_walk() shows it. */
struct ma_block {
    void *payload; /* what the owner of the block holds */
    size_t size;   /* bytes: the block with its header; a small object in a slab has none */
    size_t usable; /* bytes that a payload in it has room for */
    int is_used;   /* 1: allocated, 0: free */
};

/**
 * Visit every block of the heap, used and free: segment by segment, and in
 * ascending addresses within each.
 *
 * @param visit    called for each block; a result other than 0 ends the walk. It
 *                 may allocate and release memory: what it releases is put off until
 *                 the walk is over, what it allocates may be visited at the walk's end.
 *                 Other threads' requests wait meanwhile.
 * @param context  handed to `visit`.
 * @return 0, or what `visit` returned to end the walk.
 *
 * Thread-safe. Source: libma.
 */
MA_API int ma_walk(int (*visit)(const struct ma_block *block, void *context), void *context);

/**
 * Check every invariant of the heap (docs/invariants.md).
 *
 * @return 0 when all hold; else the number of the first that does not, which a
 *         line on stderr explains.
 *
 * Thread-safe; takes time in proportion to the number of blocks. Source: libma.
 */
MA_API int ma_check(void);

/**
 * Whether an address lies in memory that libma manages.
 *
 * @return 1 when it does, also within a free block; else 0.
 *
 * Thread-safe, constant time. Source: libma.
 */
MA_API int ma_owns(const void *address);

#ifdef __cplusplus
}
#endif

#endif
