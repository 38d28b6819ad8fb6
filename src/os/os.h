/*
 * The one contract between the allocator and the operating system.
 *
 * No other folder makes a memory system call. Unit tests link
 * tests/support/fake_os.c in place of this folder's memory calls, so that the
 * break can be refused, moved by others, or run out, on demand.
 *
 * None of these functions allocates; errno is left as the system set it.
 */
#ifndef MA_OS_OS_H
#define MA_OS_OS_H

#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program break; NULL where the system has none for us. */
char *os_break(void);

/*
 * Move the break by `increment` bytes; negative gives memory back.
 *
 * Goes through libc's sbrk(), so that others in the process who use it see the
 * move. New memory reads as zero from the first whole page on.
 *
 * @return the break before the move, or NULL where it was refused.
 */
char *os_break_move(intptr_t increment);

enum os_map_result {
    OS_MAPPED,   /* zeroed and writable */
    OS_OCCUPIED, /* something else is in the way; another place may do */
    OS_REFUSED,  /* no memory, or forbidden */
};

/* Map memory at exactly `where`. */
MA_RARE enum os_map_result os_map_at(char *where, size_t size);

/* Return a mapping, or whole pages of one. */
MA_RARE void os_unmap(char *where, size_t size);

/* Address space without memory behind it, for the descriptor table; NULL if refused. */
char *os_reserve(size_t size);

/* Make whole pages of a reservation writable and zero; false if refused. */
bool os_commit(char *where, size_t size);

/*
 * Have the kernel back whole pages now, as a write to each would, but with one call. Advice: where it is refused
 * (by kernels before 5.14, or a sandbox), the pages come when they are touched. Keeps errno.
 */
void os_populate(char *where, size_t size);

/* Give whole pages back to the system, but keep their addresses: they read as zero. False where it was refused, as for
 * locked memory. Keeps errno. */
bool os_purge(char *where, size_t size);

/* Whether there may be a mapping at an address: false where there is none for sure. Keeps errno. */
MA_RARE bool os_is_mapped(const void *address);

/* Whether a word of memory that may be gone, or without access, has that value. Keeps errno. */
MA_RARE bool os_word_is(const ptrdiff_t *where, ptrdiff_t value);

/* Have any access to whole pages fault, until os_unguard(). What they hold is lost. Advice: where it is refused they stay as
 * they are. Keeps errno. */
MA_RARE void os_guard(char *where, size_t size);
MA_RARE void os_unguard(char *where, size_t size);

/* Take the memory away that os_commit() gave to whole pages of a reservation: any access faults. Keeps errno. */
MA_RARE void os_withdraw(char *where, size_t size);

/* Advise the system that the whole huge pages within a run are to be huge, or that no page is to be. Keeps errno. */
MA_RARE void os_advise_huge(char *where, size_t size, bool is_wanted);

enum os_move_result {
    OS_MOVED,        /* where it was, memory reads as zero */
    OS_MOVE_REFUSED, /* it is where it was; at `to` memory reads as zero, or is unchanged */
    OS_MOVE_LOST,    /* the same, but at `to` there is no memory any more */
};

/* Move the contents of whole pages, all of one mapping, to others that do not overlap them, by page tables alone.
 * Keeps errno. */
MA_RARE enum os_move_result os_move(char *to, char *from, size_t size);

/* An address around which mappings are likely to find room, with `size` bytes
 * above it, for a heap that has no break at all; NULL if there is none. */
MA_RARE char *os_free_range(size_t size);

/* Bytes of address space that this process's limits allow; SIZE_MAX if unlimited. */
size_t os_address_space_limit(void);

/* How many processors this process may use, 1 or more; see os/quota.h. */
size_t os_cpu_count(void);

/* Bytes of memory that the control group of this process allows it; SIZE_MAX if unlimited, or where that is
 * not to be had. */
size_t os_memory_limit(void);

/* Bytes in a page: a power of two. */
size_t os_page_size(void);

/* A clock that never goes back: milliseconds since some moment. */
uint64_t os_milliseconds(void);

/* What random words are for. */
enum { OS_ENTROPY_SEALS, OS_ENTROPY_SLABS, OS_ENTROPY_SAMPLES };

/* A word that an attacker cannot guess, the same at each call in a process for the same purpose; who knows one does not know
 * another. */
uint64_t os_entropy(uint64_t purpose);

#endif
