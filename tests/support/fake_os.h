/*
 * A pretended operating system for the unit tests: the memory functions of os/os.h
 * over one array, with knobs that refuse, move and occupy.
 *
 * What the allocator does not hold is without access: a touch of memory that was
 * given back, or never taken, crashes the test.
 */
#ifndef MA_TESTS_SUPPORT_FAKE_OS_H
#define MA_TESTS_SUPPORT_FAKE_OS_H

#include "os/os.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in the array. With the limit as it is after a reset, the heap's range is the array, and the break starts at its beginning. */
#define FAKE_OS_BYTES ((size_t)256 << 20)

/* A fresh system: the break at the start, nothing taken, nothing refused, the range
 * FAKE_OS_BYTES. Follow it by space_start(). Before the first reset all is refused. */
void fake_os_reset(void);

/* The same as the setup of a group of tests. */
int fake_os_setup(void **state);

/* The array. */
char *fake_os_base(void);

/* Refuse every request for memory (a break that grows, a mapping, a reservation, a
 * commitment) from the `count`-th from now on, 0 being the next; SIZE_MAX: none. */
void fake_os_refuse_from(size_t count);

/* Refuse only the `count`-th request for memory from now on, 0 being the next. */
void fake_os_refuse_one(size_t count);

/* Refuse to let the break sink, or no longer. */
void fake_os_refuse_shrink(bool refuse);

/* The break stays at or below this many bytes over its start. */
void fake_os_limit_break(size_t bytes);

/* Whether there is a break at all. */
void fake_os_set_has_break(bool has_break);

/* Limit the address space so that the heap's range has this many bytes; SIZE_MAX: no limit. */
void fake_os_limit_range(size_t bytes);

/* Bytes of reservations that were given back in part. */
size_t fake_os_unreserved(void);

/* Move the break behind the allocator's back. */
void fake_os_foreign_break(intptr_t increment);

/* Each of the next `count` looks at the break is followed by another thread's move by
 * `increment`, before the allocator can act on what it saw; nothing moves where something is in the way. */
void fake_os_race_break(size_t count, intptr_t increment);

/* Make [offset, offset + bytes) of the array occupied, as if another had mapped it. */
void fake_os_occupy(size_t offset, size_t bytes);

/* Call `handler` once, at the `count`-th call of a function of os/os.h from now on, 0 being the next: as a signal does that
 * interrupts the allocator there. NULL: never. */
void fake_os_interrupt(size_t count, void (*handler)(void));

/* Let time pass, of which none passes by itself. Milliseconds. */
void fake_os_sleep(uint64_t passed);

/* Bytes of the array that are held by the allocator, as break or by mappings; the
 * break's bytes below what others took of it count, too. */
size_t fake_os_taken(void);

/* Where the break stands; bytes over its start. */
size_t fake_os_break_offset(void);

/* Bytes in a page from now on, until the next reset: 4 KiB or a larger power of two. Whoever asks for something to be done with part of one
 * fails the test. */
void fake_os_set_page_size(size_t size);

/* Refuse to purge, or no longer. */
void fake_os_refuse_purge(bool refuse);

/* Bytes that were purged since the reset. */
size_t fake_os_purged(void);

/* Refuse to guard pages, or no longer. */
void fake_os_refuse_guards(bool refuse);

/* Pages of the array that are guarded: any access crashes the test. And whether one of them has the address. */
size_t fake_os_guarded(void);
bool fake_os_is_guarded(const void *address);

/* What every move from now on comes to; OS_MOVED after a reset. */
void fake_os_let_moves(enum os_move_result end);

/* Bytes that were moved since the reset. */
size_t fake_os_moved(void);

/* How many mappings the kernel would count from the array's start to the break. */
size_t fake_os_mappings(void);

/* Bytes that were populated since the reset. */
size_t fake_os_populated(void);

/* Requests for memory since the reset, refused ones included. */
size_t fake_os_requests(void);

#endif
