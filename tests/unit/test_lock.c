/*
 * The lock: one thread inside at a time, which knows that it is inside; lending;
 * the lock order of debug builds.
 *
 * The threads of these tests only take locks and count; the main thread asserts,
 * after they have ended.
 */
#include "os/lock.h"

#include "support/expect_abort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef MA_DEBUG
static const bool is_debug_build = true;
#else
static const bool is_debug_build = false;
#endif

enum { THREADS = 4, TURNS = 20000 };

static struct lock core;
static struct lock inner_core; /* interrupts */
static struct lock space;

static int fresh_locks(void **state)
{
    (void)state;
    lock_init(&core, LOCK_RANK_CORE, false);
    lock_init(&inner_core, LOCK_RANK_CORE, true);
    lock_init(&space, LOCK_RANK_SPACE, false);
    return 0;
}

static pthread_t start(void *(*body)(void *), void *context)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, body, context), 0);
    return thread;
}

static void join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Until a thread sleeps, or is about to, because `lock` is held. */
static void await_waiter(struct lock *lock)
{
    while ((__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & 1) == 0) {
        sched_yield();
    }
}

static void a_lock_is_held_between_acquire_and_release(void **state)
{
    (void)state;
    assert_false(lock_held_by_me(&core));
    lock_acquire(&core);
    assert_true(lock_held_by_me(&core));
    assert_false(lock_held_by_me(&space));
    lock_release(&core);
    assert_false(lock_held_by_me(&core));
}

static void a_lock_can_be_taken_again_and_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        lock_acquire(&core);
        lock_release(&core);
    }
    assert_int_equal(core.word, 0);
}

static void *note_whether_held(void *out)
{
    *(bool *)out = lock_held_by_me(&core);
    return NULL;
}

static void a_lock_that_another_thread_holds_is_not_held_by_me(void **state)
{
    (void)state;
    bool held_by_other = true;
    lock_acquire(&core);
    join(start(note_whether_held, &held_by_other));
    assert_true(lock_held_by_me(&core));
    lock_release(&core);
    assert_false(held_by_other);
}

static void *try_to_take(void *out)
{
    *(bool *)out = lock_try_acquire(&core);
    if (*(bool *)out) {
        lock_release(&core);
    }
    return NULL;
}

static void trying_takes_a_free_lock_and_no_other(void **state)
{
    (void)state;
    bool taken_by_other = true;
    assert_true(lock_try_acquire(&core));
    assert_true(lock_held_by_me(&core));
    join(start(try_to_take, &taken_by_other));
    assert_false(taken_by_other);
    lock_release(&core);
    join(start(try_to_take, &taken_by_other));
    assert_true(taken_by_other);
}

static void trying_is_in_no_order(void **state)
{
    (void)state;
    lock_acquire(&space);
    assert_true(lock_try_acquire(&core));
    lock_release(&core);
    lock_release(&space);
}

static void *note_whether_free_at_once(void *out)
{
    *(bool *)out = lock_acquire(&core);
    lock_release(&core);
    return NULL;
}

static void acquiring_tells_whether_the_lock_was_free(void **state)
{
    (void)state;
    bool free_for_waiter = true;
    bool free_for_guest = false;
    bool free_for_me = lock_acquire(&core);
    pthread_t waiter = start(note_whether_free_at_once, &free_for_waiter);
    await_waiter(&core);
    lock_lend(&core);
    note_whether_free_at_once(&free_for_guest);
    lock_take_back(&core);
    lock_release(&core);
    join(waiter);
    assert_true(free_for_me);
    assert_true(free_for_guest);
    assert_false(free_for_waiter);
}

/* ---- Waiting for so long ---- */

/* A thread that takes the lock within `milliseconds`, or does not. */
struct attempt {
    unsigned milliseconds;
    bool has_begun; /* atomic */
    bool has_taken;
    bool has_held; /* lock_held_by_me() agrees */
    int errno_after;
};

static void *attempt(void *context)
{
    struct attempt *a = context;
    errno = ENOTTY;
    __atomic_store_n(&a->has_begun, true, __ATOMIC_RELEASE);
    a->has_taken = lock_acquire_within(&core, a->milliseconds);
    a->errno_after = errno;
    a->has_held = lock_held_by_me(&core);
    if (a->has_taken) {
        lock_release(&core);
    }
    return NULL;
}

static void a_lock_that_is_released_in_time_is_taken(void **state)
{
    (void)state;
    struct attempt a = {.milliseconds = 60000};
    lock_acquire(&core);
    pthread_t other = start(attempt, &a);
    while (!__atomic_load_n(&a.has_begun, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    usleep(5000); /* let it begin to wait */
    lock_release(&core);
    join(other);
    assert_true(a.has_taken);
    assert_true(a.has_held);
    assert_int_equal(a.errno_after, ENOTTY);
    assert_int_equal(core.word, 0);
}

static void a_lock_that_is_not_released_in_time_is_given_up(void **state)
{
    (void)state;
    const unsigned times[] = {0, 1, 5};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct attempt a = {.milliseconds = times[i], .has_taken = true};
        lock_acquire(&core);
        join(start(attempt, &a));
        assert_true(lock_held_by_me(&core));
        lock_release(&core);
        assert_false(a.has_taken);
        assert_false(a.has_held);
        assert_int_equal(a.errno_after, ENOTTY);
    }
}

static void a_free_lock_is_taken_within_no_time(void **state)
{
    (void)state;
    struct attempt a = {.milliseconds = 0};
    lock_acquire(&space); /* in any order */
    attempt(&a);
    lock_release(&space);
    assert_true(a.has_taken);
    assert_true(a.has_held);
}

/* Not atomic: what two threads do to it at a time is lost. */
static volatile size_t counter;

static void *count_under_lock(void *context)
{
    (void)context;
    for (int i = 0; i < TURNS; i++) {
        lock_acquire(&core);
        counter = counter + 1;
        lock_release(&core);
    }
    return NULL;
}

static void no_increment_is_lost_between_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    counter = 0;
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start(count_under_lock, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    assert_int_equal(counter, (size_t)THREADS * TURNS);
    assert_int_equal(core.word, 0);
}

/* Each hands the lock to the next: with the first release, all must get through. */
static void all_sleepers_are_woken_one_by_one(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    counter = 0;
    lock_acquire(&core);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start(count_under_lock, NULL);
    }
    await_waiter(&core);
    usleep(10000); /* let the others fall asleep, too */
    size_t seen = counter;
    lock_release(&core);
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    assert_int_equal(seen, 0);
    assert_int_equal(counter, (size_t)THREADS * TURNS);
}

static void *acquire_with_errno(void *out)
{
    errno = ENOTTY;
    lock_acquire(&core);
    lock_release(&core);
    *(int *)out = errno;
    return NULL;
}

/* free() must keep errno, also where it had to wait. */
static void waiting_and_waking_keep_errno(void **state)
{
    (void)state;
    int errno_of_sleeper = 0;
    lock_acquire(&core);
    pthread_t sleeper = start(acquire_with_errno, &errno_of_sleeper);
    await_waiter(&core);
    usleep(10000);
    errno = EXDEV;
    lock_release(&core);
    int errno_of_waker = errno;
    join(sleeper);
    assert_int_equal(errno_of_waker, EXDEV);
    assert_int_equal(errno_of_sleeper, ENOTTY);
}

static void a_lent_lock_is_not_held_but_may_be_entered_again(void **state)
{
    (void)state;
    lock_acquire(&core);
    lock_lend(&core);
    assert_false(lock_held_by_me(&core));
    for (int i = 0; i < 3; i++) {
        lock_acquire(&core);
        assert_true(lock_held_by_me(&core));
        lock_release(&core);
        assert_false(lock_held_by_me(&core));
    }
    lock_take_back(&core);
    assert_true(lock_held_by_me(&core));
    lock_release(&core);
    assert_int_equal(core.word, 0);
    assert_int_equal(core.guest, 0);
}

static void *note_whether_lent(void *out)
{
    *(bool *)out = lock_lent_to_me(&core);
    return NULL;
}

static void a_lock_is_lent_to_its_holder_alone_and_only_while_outside(void **state)
{
    (void)state;
    bool lent_to_other = true;
    assert_false(lock_lent_to_me(&core));
    lock_acquire(&core);
    assert_false(lock_lent_to_me(&core));
    lock_lend(&core);
    assert_true(lock_lent_to_me(&core));
    join(start(note_whether_lent, &lent_to_other));
    lock_acquire(&core);
    assert_false(lock_lent_to_me(&core));
    lock_release(&core);
    assert_true(lock_lent_to_me(&core));
    lock_take_back(&core);
    assert_false(lock_lent_to_me(&core));
    lock_release(&core);
    assert_false(lent_to_other);
}

/* Whatever the guest did meanwhile, the lock is shut until it is taken back and released. */
static void others_wait_while_a_lock_is_lent(void **state)
{
    (void)state;
    counter = 0;
    lock_acquire(&core);
    lock_lend(&core);
    pthread_t other = start(count_under_lock, NULL);
    await_waiter(&core);
    lock_acquire(&core);
    lock_release(&core);
    usleep(10000);
    size_t while_lent = counter;
    lock_take_back(&core);
    usleep(10000);
    size_t while_held = counter;
    lock_release(&core);
    join(other);
    assert_int_equal(while_lent, 0);
    assert_int_equal(while_held, 0);
    assert_int_equal(counter, TURNS);
}

static void a_lock_that_was_lent_is_an_ordinary_one_again(void **state)
{
    (void)state;
    lock_acquire(&core);
    lock_lend(&core);
    lock_take_back(&core);
    lock_release(&core);
    no_increment_is_lost_between_threads(state);
}

/* The child's one thread is the one that forked; the others, which waited, are gone. */
static void a_forked_child_takes_a_lent_lock_back(void **state)
{
    (void)state;
    int status = 0;
    lock_acquire(&core);
    lock_lend(&core);
    pthread_t waiter = start(count_under_lock, NULL);
    await_waiter(&core);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        lock_take_back(&core);
        lock_release(&core);
        lock_acquire(&core);
        _exit(lock_held_by_me(&core) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    lock_take_back(&core);
    lock_release(&core);
    join(waiter);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void locks_are_taken_in_the_order_of_their_ranks(void **state)
{
    (void)state;
    struct lock first;
    lock_init(&first, LOCK_RANK_START, false);
    lock_acquire(&first);
    lock_acquire(&core);
    lock_acquire(&space);
    lock_release(&space);
    lock_acquire(&space); /* the rank was given back */
    lock_release(&space);
    lock_release(&core);
    lock_release(&first);
    lock_acquire(&first);
    lock_release(&first);
}

/* As a handler that has interrupted one shard looks at another. */
static void a_lent_lock_is_entered_in_any_order(void **state)
{
    (void)state;
    struct lock core_of_other_shard;
    lock_init(&core_of_other_shard, LOCK_RANK_CORE, false);
    lock_acquire(&core);
    assert_true(lock_try_acquire(&core_of_other_shard));
    lock_lend(&core_of_other_shard);
    lock_acquire(&core_of_other_shard);
    lock_release(&core_of_other_shard);
    assert_true(lock_take_back(&core_of_other_shard));
    lock_release(&core_of_other_shard);
    lock_release(&core);
    lock_acquire(&core); /* nothing is left behind */
    lock_release(&core);
}

static void an_interrupting_lock_goes_inside_any_other(void **state)
{
    (void)state;
    struct lock space_of_handler;
    lock_init(&space_of_handler, LOCK_RANK_SPACE, false);
    lock_acquire(&space);
    lock_acquire(&inner_core);
    assert_true(lock_held_by_me(&space));
    lock_acquire(&space_of_handler); /* the order starts anew inside */
    lock_release(&space_of_handler);
    lock_release(&inner_core);
    lock_release(&space);
    lock_acquire(&core); /* nothing is left behind */
    lock_release(&core);
}

static void take_core_inside_space(void *context)
{
    (void)context;
    lock_acquire(&space);
    lock_acquire(&core);
}

static void take_another_of_the_same_rank(void *context)
{
    (void)context;
    struct lock other;
    lock_init(&other, LOCK_RANK_CORE, false);
    lock_acquire(&core);
    lock_acquire(&other);
}

static void take_core_after_an_interruption_of_space(void *context)
{
    (void)context;
    lock_acquire(&space);
    lock_acquire(&inner_core);
    lock_release(&inner_core);
    lock_acquire(&core);
}

static void take_twice(void *context)
{
    (void)context;
    lock_acquire(&core);
    lock_acquire(&core);
}

static void release_untaken(void *context)
{
    (void)context;
    lock_release(&core);
}

static void lend_untaken(void *context)
{
    (void)context;
    lock_lend(&core);
}

static void *enter_and_vanish(void *unused)
{
    (void)unused;
    lock_acquire(&core);
    lock_lend(&core);
    return NULL;
}

/* The C library gives the stack of a thread that is gone, and its thread-local variables, to the next one. */
static void *look_at_abandoned(void *seen)
{
    *(bool *)seen = lock_held_by_me(&core) || lock_lent_to_me(&core) || lock_try_acquire(&core);
    return NULL;
}

static void nobody_has_an_abandoned_lock(void **state)
{
    (void)state;
    pthread_t thread;
    bool is_to_be_had = true;
    pthread_create(&thread, NULL, enter_and_vanish, NULL);
    pthread_join(thread, NULL);
    assert_false(lock_is_abandoned(&core));
    lock_abandon(&core);
    assert_true(lock_is_abandoned(&core));
    pthread_create(&thread, NULL, look_at_abandoned, &is_to_be_had);
    pthread_join(thread, NULL);
    assert_false(is_to_be_had);
    assert_false(lock_acquire_within(&core, 1));
}

static void take_back_unlent(void *context)
{
    (void)context;
    lock_acquire(&core);
    lock_take_back(&core);
}

static void debug_builds_abort_on_a_wrong_order(void **state)
{
    (void)state;
    if (!is_debug_build) {
        skip();
    }
    assert_aborts(take_core_inside_space, NULL, "held_ranks < bit does not hold");
    assert_aborts(take_another_of_the_same_rank, NULL, "held_ranks < bit does not hold");
    assert_aborts(take_core_after_an_interruption_of_space, NULL, "held_ranks < bit does not hold");
}

static void debug_builds_abort_on_a_lock_in_the_wrong_state(void **state)
{
    (void)state;
    if (!is_debug_build) {
        skip();
    }
    assert_aborts(take_twice, NULL, "!lock_held_by_me(lock) does not hold");
    assert_aborts(release_untaken, NULL, "lock_held_by_me(lock) does not hold");
    assert_aborts(lend_untaken, NULL, "lock_held_by_me(lock) does not hold");
    assert_aborts(take_back_unlent, NULL, "lock_lent_to_me(lock) does not hold");
}

static void handle_nothing(int signal)
{
    (void)signal;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void a_pause_lasts_as_long_as_it_is_to_though_signals_come(void **state)
{
    (void)state;
    const struct sigaction action = {.sa_handler = handle_nothing};
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    double begin = milliseconds();
    errno = EBUSY;
    lock_pause(30);
    double took = milliseconds() - begin;
    int left = errno;
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(took >= 30);
    assert_int_equal(left, EBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_lock_is_held_between_acquire_and_release, fresh_locks),
        cmocka_unit_test_setup(a_lock_can_be_taken_again_and_again, fresh_locks),
        cmocka_unit_test_setup(a_lock_that_another_thread_holds_is_not_held_by_me, fresh_locks),
        cmocka_unit_test_setup(trying_takes_a_free_lock_and_no_other, fresh_locks),
        cmocka_unit_test_setup(trying_is_in_no_order, fresh_locks),
        cmocka_unit_test_setup(acquiring_tells_whether_the_lock_was_free, fresh_locks),
        cmocka_unit_test_setup(a_lock_that_is_released_in_time_is_taken, fresh_locks),
        cmocka_unit_test_setup(a_lock_that_is_not_released_in_time_is_given_up, fresh_locks),
        cmocka_unit_test_setup(a_free_lock_is_taken_within_no_time, fresh_locks),
        cmocka_unit_test_setup(no_increment_is_lost_between_threads, fresh_locks),
        cmocka_unit_test_setup(all_sleepers_are_woken_one_by_one, fresh_locks),
        cmocka_unit_test_setup(waiting_and_waking_keep_errno, fresh_locks),
        cmocka_unit_test_setup(a_lent_lock_is_not_held_but_may_be_entered_again, fresh_locks),
        cmocka_unit_test_setup(a_lock_is_lent_to_its_holder_alone_and_only_while_outside,
                               fresh_locks),
        cmocka_unit_test_setup(others_wait_while_a_lock_is_lent, fresh_locks),
        cmocka_unit_test_setup(a_lock_that_was_lent_is_an_ordinary_one_again, fresh_locks),
        cmocka_unit_test_setup(a_forked_child_takes_a_lent_lock_back, fresh_locks),
        cmocka_unit_test_setup(nobody_has_an_abandoned_lock, fresh_locks),
        cmocka_unit_test_setup(locks_are_taken_in_the_order_of_their_ranks, fresh_locks),
        cmocka_unit_test_setup(a_lent_lock_is_entered_in_any_order, fresh_locks),
        cmocka_unit_test_setup(an_interrupting_lock_goes_inside_any_other, fresh_locks),
        cmocka_unit_test(a_pause_lasts_as_long_as_it_is_to_though_signals_come),
        cmocka_unit_test_setup(debug_builds_abort_on_a_wrong_order, fresh_locks),
        cmocka_unit_test_setup(debug_builds_abort_on_a_lock_in_the_wrong_state, fresh_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
