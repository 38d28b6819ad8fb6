/*
 * The allocator's numbers. Each states its unit; those that were found by
 * measurement name the page that has the measurement.
 */
#ifndef MA_BASE_CONFIG_H
#define MA_BASE_CONFIG_H

#include <stddef.h>

/* On the declaration of a variable: it is this library's own, so that it is found without the global offset table. */
#define MA_HIDDEN __attribute__((visibility("hidden")))

/* On the declaration of a function that few programs call, or none for long: it lies apart from what all of them run, so that its pages need
 * not be in memory. See docs/adr/0029-what-a-small-program-touches.md. */
#define MA_RARE __attribute__((cold))

/* On the definition of what is called most: it begins with a cache line, whatever lies before it, or loops of it take some per cent
 * longer with one change elsewhere, and less with the next. */
#define MA_HOT __attribute__((aligned(64)))

/* Every payload's alignment, and the unit of every block's size. Bytes. */
#define MA_ALIGNMENT ((size_t)16)

/* The smallest page, in which the heap keeps account of its memory. The system's are as large, or larger (space_map.page_size): what it is
 * told to do with part of a page it does with all of it. Bytes. */
#define MA_PAGE ((size_t)4 << 10)

/* What a processor owns, or loses to another, at a time. Bytes. */
#define MA_CACHE_LINE ((size_t)64)

/* The heap's range is cut into granules; each has one descriptor. Bytes. */
#define MA_GRANULE_LOG2 16
#define MA_GRANULE ((size_t)1 << MA_GRANULE_LOG2)

/* Blocks up to this size have a bin for each size; larger ones are in the tree. */
#define MA_BINNED_MAX_LOG2 14
#define MA_BINNED_MAX ((size_t)1 << MA_BINNED_MAX_LOG2)

/* The range that the descriptor table covers where no limit asks for less: the
 * table then takes address space (not memory) of a 1,024th part of this. */
#define MA_RANGE_DEFAULT ((size_t)1 << 40)

/* The table takes at most this share of the address space that a limit leaves us: the
 * program may raise the limit later, and the range cannot grow then. */
#define MA_TABLE_SHARE 64

/* The heap grows by at least GROW_MIN (a core that serves interrupting calls: by a
 * granule), and by 1/GROW_SHARE of itself. Memory that is not touched yet is not
 * resident, so this only sets how often the kernel is asked. */
#define MA_GROW_MIN ((size_t)128 << 10)
#define MA_GROW_SHARE 32

/* The top is given back when it exceeds TRIM_MIN and 1/TRIM_SHARE of the heap below it, by what was
 * not needed for TRIM_AGE; half of that threshold is kept. At once goes what exceeds TRIM_HOLD
 * and all that is live, and what was given back and needed again within TRIM_REGRET. Bytes; milliseconds. See
 * docs/adr/0008-the-age-of-the-top.md. */
#define MA_TRIM_MIN ((size_t)256 << 10)
#define MA_TRIM_SHARE 8
#define MA_TRIM_AGE 250
#define MA_TRIM_HOLD ((size_t)32 << 20)
#define MA_TRIM_REGRET 1000

/* Pages are populated ahead, where more than POPULATE_STREAK requests in a row were for POPULATE_BLOCK_MAX bytes at most: up to
 * 1/POPULATE_SHARE of the core's heap, and 1/SLAB_POPULATE_SHARE of what a class has, at a time; at least POPULATE_MIN, or else none; at most
 * POPULATE_MAX. Bytes. See docs/adr/0016-populate-in-batches.md. */
#define MA_POPULATE_SHARE 64
#define MA_SLAB_POPULATE_SHARE 32
#define MA_POPULATE_MIN ((size_t)16 << 10)
#define MA_POPULATE_BLOCK_MAX ((size_t)8 << 10)
#define MA_POPULATE_STREAK 16
#define MA_POPULATE_MAX ((size_t)64 << 10)

/* Free pages inside the heap go back when they were not needed for DECAY milliseconds, or those that exceed DIRTY_MIN bytes and
 * 1/DIRTY_SHARE of what is live in the core, for PURGE_PAUSE. See docs/adr/0017-purging.md. */
#define MA_DIRTY_MIN ((size_t)1 << 20)
#define MA_DIRTY_SHARE 16
#define MA_DECAY 1000
#define MA_PURGE_PAUSE 100

/* The pages of a block of at least RETURN_MIN bytes go back when it is released. The program may have touched few of them, which
 * nobody can tell then; glibc, too, keeps nothing of that size. Bytes. */
#define MA_RETURN_MIN ((size_t)32 << 20)

/* Where a control group limits the process's memory, 1/DIRTY_LIMIT_SHARE of that is the most that may stay dirty in a core. */
#define MA_DIRTY_LIMIT_SHARE 64

/* With thp=large, payloads of at least HUGE_MIN bytes ask for huge pages. Bytes. */
#define MA_HUGE_PAGE ((size_t)2 << 20)
#define MA_HUGE_MIN ((size_t)4 << 20)

/* Requests up to this size are served by slabs. Bytes. */
#define MA_SMALL_MAX ((size_t)1024)

/* A class has a slab in a thread once the thread has asked for it so often, or the core serves a page of it; before that the
 * core serves it. */
#define MA_WARM_COUNT 16

/* A class has slabs of its own once it has found those of its group without a free object so often. */
#define MA_OWN_COUNT 8

/* What a thread holds back of the objects that it has freed in one slab of another thread, at most. */
#define MA_PENDING_COUNT 32
#define MA_PENDING_BYTES ((size_t)8 << 10)

/* Released blocks that threads keep: all of them together about CACHE_BYTES and 1/CACHE_SHARE of
 * the heap, each its part of that and at most CACHE_MAX. A thread whose cache was widened may keep more, at most CACHE_WIDE_MAX: as
 * much as the heap has if it is the only thread; else its part of CACHE_WIDE_EIGHTHS less CACHE_WIDE_LESS, or its swing (front/swing.h),
 * at most what all swings together have left of CACHE_SWING_BYTES. Where there are several threads, what the cores have free does not
 * count as the heap's. Bytes. See docs/adr/0023-the-block-cache-in-tables.md. */
#define MA_CACHE_BYTES ((size_t)512 << 10)
#define MA_CACHE_SHARE 16
#define MA_CACHE_MAX ((size_t)2 << 20)
#define MA_CACHE_WIDE_EIGHTHS 5
#define MA_CACHE_WIDE_LESS ((size_t)1 << 20)
#define MA_CACHE_SWING_BYTES ((size_t)16 << 20)
#define MA_CACHE_WIDE_MAX ((size_t)16 << 20)

/* The same of empty slabs, which go back before the core grows. */
#define MA_EMPTY_BYTES ((size_t)4 << 20)
#define MA_EMPTY_SHARE 8

/* A thread that only frees adopts so many of the slabs of threads that have ended. */
#define MA_ADOPT_COUNT 64

/* What the heaps of threads that have ended keep for those that start: up to REST_COUNT of them, each REST_BYTES of
 * released blocks and as many of empty slabs. */
#define MA_REST_COUNT 2
#define MA_REST_BYTES ((size_t)64 << 10)

/* A thread that has cached so much, and more than it asks the core for, gives that back before the core
 * hands out memory of the top. Bytes. */
#define MA_CACHE_FLUSH ((size_t)16 << 10)

/* A payload of at least SLACK_MIN bytes that grows by less than 1/SLACK_SHARE is given that much more. */
#define MA_SLACK_MIN ((size_t)128)
#define MA_SLACK_SHARE 8

/* A payload that shrinks to less than half, and to so many bytes at most, is moved: a whole block is left to others then, and not one that is
 * cut at its head. Bytes. */
#define MA_SHRINK_MAX ((size_t)32 << 10)

/* What a payload of at least MOVE_MIN bytes holds is moved to another place by page tables, unless most of that place is
 * resident and the payload smaller than MOVE_ALWAYS; in runs of MOVE_RUN bytes at least on average, while the heap has
 * fewer than SEAM_MAX seams: the kernel allows a process 65,530 mappings, as a rule. See
 * docs/adr/0019-moves-by-page-tables.md. */
#define MA_MOVE_MIN ((size_t)272 << 10)
#define MA_MOVE_ALWAYS ((size_t)4 << 20)
#define MA_MOVE_RUN ((size_t)128 << 10)
#define MA_SEAM_MAX 8192

/* Core instances in a shard. The first serves all requests; each further one serves what
 * interrupts a thread inside the ones before it. */
#define MA_CORE_COUNT 4

/* Shards at most, whatever the number of processors. */
#define MA_SHARD_MAX 64

/* A core is crowded when so many calls had to wait for its lock within so many allocations. */
#define MA_CROWD_WAITS 16
#define MA_CROWD_WINDOW 1024

/* With check=2 and 3, released blocks are not used again while they have no more bytes together than this. */
#define MA_QUARANTINE ((size_t)16 << 20)

/* How long a thread that was interrupted in one shard waits for another before it does without. */
#define MA_SHARD_PATIENCE 20 /* milliseconds */

#endif
