/*
 * Threads that fork while others read lines, which allocates with a stream locked, and another flushes all streams, which
 * waits for each of them with the list of streams locked. fork() takes that list's lock, too: the allocator must not have
 * its own by then. (After glibc's tst-malloc-fork-deadlock.)
 */
#include "common.h"

enum { FORKERS = 2, READERS = 4, FORKS = 20, LINE = 50000 };

static int stop; /* atomic */
static FILE *line_file;

static void *fork_often(void *context)
{
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            child_begins();
            free_stamped(new_stamped(100000, 5));
            fflush(NULL);
            _exit(0);
        }
        await_child(child);
    }
    return context;
}

static void *read_lines(void *context)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(line_file));
    FILE *file = fopen(path, "r");
    require(file != NULL, "the file can be opened again");
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        char *line = NULL;
        size_t size = 0;
        rewind(file);
        require(getline(&line, &size, file) == LINE + 1, "the line is read");
        free(line);
    }
    fclose(file);
    return context;
}

static void *flush_all(void *context)
{
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        fflush(NULL);
        usleep(100); /* locks are not fair */
    }
    return context;
}

static FILE *file_with_a_long_line(void)
{
    FILE *file = tmpfile();
    require(file != NULL, "a file for the line");
    for (int i = 0; i < LINE; i++) {
        fputc('x', file);
    }
    fputc('\n', file);
    require(fflush(file) == 0, "the line is written");
    return file;
}

int main(void)
{
    be_impatient();
    require_library();
    line_file = file_with_a_long_line();
    pthread_t forkers[FORKERS];
    pthread_t others[READERS + 1];
    for (int i = 0; i < FORKERS; i++) {
        forkers[i] = start_thread(fork_often, NULL);
    }
    for (int i = 0; i <= READERS; i++) {
        others[i] = start_thread(i < READERS ? read_lines : flush_all, NULL);
    }
    for (int i = 0; i < FORKERS; i++) {
        pthread_join(forkers[i], NULL);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i <= READERS; i++) {
        pthread_join(others[i], NULL);
    }
    check_heap("in the parent");
    printf("%d forks while streams are read and flushed\n", FORKERS * FORKS);
    return 0;
}
