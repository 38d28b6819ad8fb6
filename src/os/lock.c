/*
 * The lock: a futex word, and the owner's mark beside it.
 *
 * A thread is known by the address of one of its thread-local variables: that is
 * one instruction to find, works before libc has set up its own descriptor, and
 * stays the same in a forked child.
 */
#include "os/lock.h"

#include "base/assert.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FREE = 0, HELD = 1, CONTENDED = 2 };

/* Turns to spin before sleeping: a critical section lasts a few hundred cycles. */
enum { SPIN_COUNT = 100 };

/* A bit for each rank that the thread holds; its address is the thread's mark. */
static _Thread_local uint32_t held_ranks;

static const void *self(void)
{
    return &held_ranks;
}

static void wait_while(uint32_t *word, uint32_t value)
{
    int saved_errno = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    errno = saved_errno;
}

static void wake_one(uint32_t *word)
{
    int saved_errno = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
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

static bool try_acquire(struct lock *lock)
{
    uint32_t expected = FREE;
    return __atomic_compare_exchange_n(&lock->word, &expected, HELD, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void acquire_slow(struct lock *lock)
{
    for (int i = 0; i < SPIN_COUNT; i++) {
        relax();
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == FREE && try_acquire(lock)) {
            return;
        }
    }
    while (__atomic_exchange_n(&lock->word, CONTENDED, __ATOMIC_ACQUIRE) != FREE) {
        wait_while(&lock->word, CONTENDED);
    }
}

/* Debug builds: the lock order of lock.h. Each lock remembers what its holder held
 * before, so that a lock taken in a signal handler gives the order back as it was. */
static void enter(struct lock *lock)
{
    __atomic_store_n(&lock->owner, self(), __ATOMIC_RELAXED);
#ifdef MA_DEBUG
    uint32_t bit = UINT32_C(1) << lock->rank;
    MA_ASSERT(lock->interrupts || held_ranks < bit);
    lock->outer_ranks = held_ranks;
    held_ranks = bit | (lock->interrupts ? 0 : held_ranks);
#endif
}

static void leave(struct lock *lock)
{
    MA_ASSERT(lock_held_by_me(lock));
#ifdef MA_DEBUG
    held_ranks = lock->outer_ranks;
#endif
    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
}

static bool lent_to_me(const struct lock *lock)
{
    return __atomic_load_n(&lock->guest, __ATOMIC_RELAXED) == self();
}

void lock_init(struct lock *lock, enum lock_rank rank, bool interrupts)
{
    *lock = (struct lock){.rank = rank, .interrupts = interrupts};
}

void lock_acquire(struct lock *lock)
{
    MA_ASSERT(!lock_held_by_me(lock));
    if (!try_acquire(lock) && !lent_to_me(lock)) {
        acquire_slow(lock);
    }
    enter(lock);
}

void lock_release(struct lock *lock)
{
    leave(lock);
    if (lent_to_me(lock)) {
        return;
    }
    if (__atomic_exchange_n(&lock->word, FREE, __ATOMIC_RELEASE) == CONTENDED) {
        wake_one(&lock->word);
    }
}

bool lock_held_by_me(const struct lock *lock)
{
    return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == self();
}

void lock_lend(struct lock *lock)
{
    __atomic_store_n(&lock->guest, self(), __ATOMIC_RELAXED);
    leave(lock);
}

void lock_take_back(struct lock *lock)
{
    MA_ASSERT(lent_to_me(lock));
    __atomic_store_n(&lock->guest, NULL, __ATOMIC_RELAXED);
    enter(lock);
}
