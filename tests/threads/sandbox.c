/*
 * A program that has started and then forbids itself, and its threads, all system calls but the few that the
 * allocator is allowed: any other kills it. Blocks come and go, grow, are handed on, purged, and memory runs out.
 */
#include "common.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { THREADS = 3, TABLE = 200, TURNS = 5000, HANDED = 256 };

#define MIB ((size_t)1 << 20)

static pthread_barrier_t start;
static int done;                       /* atomic */
static struct stamped *handed[HANDED]; /* atomic; blocks on their way between threads */

#define ALLOW(call)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void forbid(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(brk),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(write),
        ALLOW(exit),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges are wanted");
    require(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0,
            "the system has filters");
}

static void hand_on(uint64_t *random)
{
    size_t place = random_below(random, HANDED);
    struct stamped *mine = new_stamped(random_size(random), 7);
    free_stamped(__atomic_exchange_n(&handed[place], mine, __ATOMIC_ACQ_REL));
}

static void use_heap(uint64_t random)
{
    struct stamped *table[TABLE] = {NULL};
    for (int turn = 0; turn < TURNS; turn++) {
        churn(table, TABLE, &random, 1);
        hand_on(&random);
        if (turn % 1000 == 0) {
            struct stamped *large = new_stamped(MIB, (unsigned char)turn);
            free_stamped(resize_stamped(resize_stamped(large, 5 * MIB), 40 * MIB));
            free(calloc(3, MIB));
        }
        if (turn % 1000 == 0) {
            malloc_trim(0);
        }
    }
    free_table(table, TABLE);
}

/* It never ends: the end of a thread needs more calls. */
static void *run(void *context)
{
    pthread_barrier_wait(&start);
    pthread_barrier_wait(&start);
    use_heap((uintptr_t)context);
    __atomic_add_fetch(&done, 1, __ATOMIC_RELEASE);
    pthread_barrier_wait(&start);
    pthread_barrier_wait(&start);
    return NULL;
}

int main(void)
{
    be_impatient();
    require_library();
    pthread_barrier_init(&start, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++) {
        start_thread(run, (void *)(i + 1));
    }
    pthread_barrier_wait(&start);
    forbid();
    pthread_barrier_wait(&start);
    use_heap(THREADS + 1);
    pthread_barrier_wait(&start);
    require(__atomic_load_n(&done, __ATOMIC_ACQUIRE) == THREADS, "all threads have come through");
    errno = 0;
    void *volatile too_much = malloc((size_t)1 << 46);
    require(too_much == NULL && errno == ENOMEM, "too much is refused");
    check_heap("in the sandbox");
    _exit(0);
}
