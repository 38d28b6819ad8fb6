/*
 * Linked with libma.a: several threads make the process's very first calls of the library at the
 * same moment. All of them must be served. In many forked children, for each has one first time.
 */
#include "ma.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 150, THREADS = 6 };

static int waiting; /* atomic */

/* Bit 0: refused; bit 1: not as asked for. */
static void *call_first(void *context)
{
    intptr_t number = (intptr_t)context;
    __atomic_fetch_sub(&waiting, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) > 0) {
    }
    char *p = number % 3 == 0   ? ma_malloc(100)
              : number % 3 == 1 ? ma_calloc(10, 10)
                                : ma_aligned_alloc(64, 100);
    if (p == NULL) {
        return (void *)1;
    }
    intptr_t result = 0;
    if (number % 3 == 1 && p[50] != 0) {
        result |= 2;
    }
    memset(p, (int)number, 100);
    p = ma_realloc(p, 5000);
    if (p == NULL) {
        return (void *)1;
    }
    result |= p[99] != (char)number ? 2 : 0;
    ma_free(p);
    return (void *)result;
}

static int run_child(void)
{
    alarm(20);
    pthread_t threads[THREADS];
    waiting = THREADS;
    for (intptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, call_first, (void *)i) != 0) {
            return 8;
        }
    }
    intptr_t result = 0;
    for (int i = 0; i < THREADS; i++) {
        void *one = NULL;
        pthread_join(threads[i], &one);
        result |= (intptr_t)one;
    }
    return (int)result | (ma_check() != 0 ? 4 : 0);
}

int main(void)
{
    alarm(45);
    int refused = 0;
    int wrong = 0;
    int unsound = 0;
    int died = 0;
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(run_child());
        }
        int status = 0;
        waitpid(child, &status, 0);
        died += !WIFEXITED(status) || WEXITSTATUS(status) >= 8;
        if (WIFEXITED(status)) {
            refused += (WEXITSTATUS(status) & 1) != 0;
            wrong += (WEXITSTATUS(status) & 2) != 0;
            unsound += (WEXITSTATUS(status) & 4) != 0;
        }
    }
    printf("of %d starts with %d threads: %d with a refusal, %d with wrong contents, %d with an "
           "unsound heap, %d died\n",
           CHILDREN, THREADS, refused, wrong, unsound, died);
    return refused + wrong + unsound + died > 0;
}
