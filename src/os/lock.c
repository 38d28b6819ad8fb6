/*
 * The lock: one word, which names the owner and is waited for.
 *
 * A thread is known by the address of one of its thread-local variables: that is
 * one instruction to find, works before libc has set up its own descriptor, and
 * stays the same in a forked child. The kernel waits for 32 bits, so for the word's
 * lower half. Owners may agree in that half; who waits then sleeps on until an owner
 * whose word has the WAITED_FOR bit too leaves, and wakes it.
 */
#include "os/lock.h"

#include "base/assert.h"
#include "os/alone.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FREE ((uintptr_t)0)
#define WAITED_FOR ((uintptr_t)1)
#define ABANDONED                                                                                  \
    (~WAITED_FOR) /* no thread's mark, whereas that of one that is gone may become another's */

/* Turns to spin before sleeping: a critical section lasts a few hundred cycles. */
enum { SPIN_COUNT = 100 };

/* Milliseconds until who sleeps looks for itself: it may be that the one wake-up went to a thread in which
 * then a signal handler began, and waits for a lock that this thread has. */
enum { DOUBT = 5 };

/* Sleeps that do not end. */
#define FOR_EVER UINT_MAX

#ifdef MA_DEBUG
/* A bit for each rank that the thread holds. */
static _Thread_local uint32_t held_ranks;
#endif

_Thread_local uint32_t lock_inside_count;

static void count_inside(int change)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    lock_inside_count += (uint32_t)change;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The half of the word that the kernel looks at. */
static uint32_t *futex_of(struct lock *lock)
{
    uint32_t *halves = (uint32_t *)&lock->word;
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? halves : halves + sizeof(lock->word) / 4 - 1;
}

/* Sleep while `*futex` is `value`, but not for longer. */
static void sleep_while(uint32_t *futex, uint32_t value, unsigned milliseconds)
{
    const struct timespec most = {.tv_nsec = (long)milliseconds * 1000000};
    int saved_errno = errno;
    syscall(SYS_futex, futex, FUTEX_WAIT_PRIVATE, value, &most, NULL, 0);
    errno = saved_errno;
}

/* A signal handler does not cut it short. */
void lock_pause(unsigned milliseconds)
{
    int saved_errno = errno;
    uint32_t word = 0;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)milliseconds * 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    while (syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, word, &end, NULL,
                   FUTEX_BITSET_MATCH_ANY) != 0 &&
           errno == EINTR) {
    }
    errno = saved_errno;
}

static void wake_one(struct lock *lock)
{
    int saved_errno = errno;
    syscall(SYS_futex, futex_of(lock), FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved_errno;
}

/* Tell the processor that this thread is waiting for another one. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* try_acquire() where nobody else can. A handler between the two leaves the lock as it was. */
static bool try_acquire_alone(struct lock *lock, uintptr_t word)
{
    if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) != FREE) {
        return false;
    }
    __atomic_store_n(&lock->word, word, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

/* Take the lock if it is free; `word` is then what it holds. */
static bool try_acquire(struct lock *lock, uintptr_t word)
{
    if (os_is_alone()) {
        return try_acquire_alone(lock, word);
    }
    uintptr_t expected = FREE;
    return __atomic_compare_exchange_n(&lock->word, &expected, word, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* A thread that has slept cannot know whether others sleep too, so it takes the lock
 * as one that is waited for. It sleeps so often at most, and so long each time: false where that was not enough. */
static __attribute__((noinline)) bool acquire_slow(struct lock *lock, unsigned sleeps,
                                                   unsigned milliseconds)
{
    for (int i = 0; i < SPIN_COUNT; i++) {
        relax();
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == FREE &&
            try_acquire(lock, lock_self())) {
            return true;
        }
    }
    for (;;) {
        uintptr_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
        if (word == FREE) {
            if (try_acquire(lock, lock_self() | WAITED_FOR)) {
                return true;
            }
        } else if (sleeps == 0) {
            return false;
        } else if ((word & WAITED_FOR) != 0 ||
                   __atomic_compare_exchange_n(&lock->word, &word, word | WAITED_FOR, false,
                                               __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            sleep_while(futex_of(lock), (uint32_t)(word | WAITED_FOR), milliseconds);
            sleeps -= sleeps != FOR_EVER;
        }
    }
}

/* Debug builds: the lock order of lock.h. Each lock remembers what its holder held
 * before, so that a lock taken in a signal handler gives the order back as it was. */
static void note_entered(struct lock *lock)
{
#ifdef MA_DEBUG
    lock->outer_ranks = held_ranks;
    held_ranks = (UINT32_C(1) << lock->rank) | (lock->interrupts ? 0 : held_ranks);
#else
    (void)lock;
#endif
}

static bool is_guest(const struct lock *lock)
{
    return __atomic_load_n(&lock->guest, __ATOMIC_RELAXED) == lock_self();
}

/* Nobody waits for a lock that was lent to him. */
static void check_order(const struct lock *lock)
{
#ifdef MA_DEBUG
    uint32_t bit = UINT32_C(1) << lock->rank;
    MA_ASSERT(lock->interrupts || is_guest(lock) || held_ranks < bit);
#else
    (void)lock;
#endif
}

static void note_left(const struct lock *lock)
{
    MA_ASSERT(lock_held_by_me(lock));
#ifdef MA_DEBUG
    held_ranks = lock->outer_ranks;
#else
    (void)lock;
#endif
}

void lock_init(struct lock *lock, enum lock_rank rank, bool interrupts)
{
    *lock = (struct lock){.rank = rank, .interrupts = interrupts};
}

static inline bool try_enter(struct lock *lock)
{
    count_inside(1);
    if (!try_acquire(lock, lock_self())) {
        if (!is_guest(lock)) {
            count_inside(-1);
            return false;
        }
        lock->guest_is_inside = true;
    }
    note_entered(lock);
    return true;
}

bool lock_try_acquire(struct lock *lock)
{
    return try_enter(lock);
}

bool lock_acquire_within(struct lock *lock, unsigned milliseconds)
{
    if (try_enter(lock)) {
        return true;
    }
    count_inside(1);
    bool is_mine = acquire_slow(lock, milliseconds, 1);
    if (is_mine) {
        note_entered(lock);
    } else {
        count_inside(-1);
    }
    return is_mine;
}

bool lock_acquire(struct lock *lock)
{
    MA_ASSERT(!lock_held_by_me(lock));
    check_order(lock);
    if (try_enter(lock)) {
        return true;
    }
    count_inside(1);
    acquire_slow(lock, FOR_EVER, DOUBT);
    note_entered(lock);
    return false;
}

/* Make the lock free: what its word was. */
static uintptr_t let_go(struct lock *lock)
{
    if (!os_is_alone()) {
        return __atomic_exchange_n(&lock->word, FREE, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&lock->word, FREE, __ATOMIC_RELEASE);
    return FREE;
}

void lock_release(struct lock *lock)
{
    note_left(lock);
    if (is_guest(lock)) {
        lock->guest_is_inside = false;
    } else if ((let_go(lock) & WAITED_FOR) != 0) {
        wake_one(lock);
    }
    count_inside(-1);
}

bool lock_held_by_me(const struct lock *lock)
{
    uintptr_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
    return (word & ~WAITED_FOR) == lock_self() && !lock_lent_to_me(lock);
}

bool lock_lent_to_me(const struct lock *lock)
{
    return is_guest(lock) && !lock->guest_is_inside;
}

void lock_abandon(struct lock *lock)
{
    __atomic_store_n(&lock->word, ABANDONED, __ATOMIC_RELAXED);
    __atomic_store_n(&lock->guest, 0, __ATOMIC_RELAXED);
}

bool lock_is_abandoned(const struct lock *lock)
{
    return (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) | WAITED_FOR) ==
           (ABANDONED | WAITED_FOR);
}

void lock_lend(struct lock *lock)
{
    if (lock_lent_to_me(lock)) {
        lock->lend_count++;
        return;
    }
    MA_ASSERT(!is_guest(lock)); /* inside a lock that is lent already: take_back would end both */
    note_left(lock);
    lock->lend_count = 1;
    lock->guest_is_inside = false;
    __atomic_store_n(&lock->guest, lock_self(), __ATOMIC_RELAXED);
    count_inside(-1);
}

bool lock_lend_within(struct lock *lock, unsigned milliseconds)
{
    bool is_mine = lock_lent_to_me(lock) || lock_acquire_within(lock, milliseconds);
    if (is_mine) {
        lock_lend(lock);
    }
    return is_mine;
}

bool lock_take_back(struct lock *lock)
{
    MA_ASSERT(lock_lent_to_me(lock));
    if (lock->lend_count > 1) {
        lock->lend_count--;
        return false;
    }
    count_inside(1);
    __atomic_store_n(&lock->guest, 0, __ATOMIC_RELAXED);
    note_entered(lock);
    return true;
}
