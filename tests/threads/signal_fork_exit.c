/*
 * A signal handler forks while its thread ends: in the child the thread ends as it would have, with a heap that nobody has cleared.
 */
#include "signal_timer.h"

enum { THREADS = 40, OBJECTS = 4000, BLOCKS = 6000, ROUNDS = 4 };

static void *objects[OBJECTS];
static void *blocks[BLOCKS];
static volatile int is_ending; /* the thread is in its last lines */
static volatile int is_child;
static volatile int waits;    /* for the signal, before it ends */
static volatile int children; /* the thread's */

static void on_signal(int signal_number)
{
    (void)signal_number;
    if (!is_ending || is_child) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        is_child = 1;
        child_begins();
    }
    children++;
}

/* Much to give back at its end: slabs with a few live objects, and cached blocks. */
static void *short_life(void *context)
{
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = malloc(16 + (size_t)i % 1000);
    }
    for (int i = 0; i < OBJECTS; i++) {
        if (i % 7 != 0) {
            free(objects[i]);
            objects[i] = NULL;
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(1100 + (size_t)(i % 3) * 200);
        }
        for (int i = 0; i < BLOCKS; i++) {
            free(blocks[i]);
        }
    }
    is_ending = 1;
    for (int before = children; waits && children == before;) {
    }
    return context;
}

int main(void)
{
    be_impatient();
    require_library();
    handle(SIGUSR1, on_signal);
    for (int k = 0; k < THREADS; k++) {
        is_ending = 0;
        waits = k % 8 == 0;
        pthread_t thread = start_thread(short_life, NULL);
        while (!is_ending) {
        }
        pthread_kill(thread, SIGUSR1);
        pthread_join(thread, NULL);
        for (int i = 0; i < OBJECTS; i++) {
            free(objects[i]);
        }
    }
    for (int i = 0; i < children; i++) {
        int status = 0;
        require(wait(&status) > 0, "a child is there");
        require(status == 0, "the child's thread has ended without harm");
    }
    require(children > 0, "a handler has forked");
    check_heap("in the parent");
    printf("%d forks of a thread that was ending\n", children);
    return 0;
}
