/*
 * A program that `options` runs under various MA_OPTIONS. It says nothing by itself.
 *
 *   options_program HOW     how it ends; its status is 7
 *
 * Built a second time on libma.a (LINKED), for the set-user-ID test: ld.so drops LD_PRELOAD there.
 */
#include "expect.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifdef LINKED
#include "ma.h"
#define allocate ma_malloc
#define release ma_free
#else
#define allocate malloc
#define release free
#endif

enum { COUNT = 100, SIZE = 20000, STATUS = 7, HUGE_SIZE = 600 << 20 };

static void *volatile live[COUNT];

static void *exit_from_here(void *unused)
{
    (void)unused;
    exit(STATUS);
}

static void end(const char *how)
{
    if (strcmp(how, "close") == 0) {
        close(STDERR_FILENO);
    } else if (strcmp(how, "fclose") == 0) {
        fclose(stderr);
    } else if (strcmp(how, "thread") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, exit_from_here, NULL);
        pthread_join(thread, NULL);
    } else if (strcmp(how, "thread-exit") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, exit_from_here, NULL);
        pthread_exit(NULL);
    } else if (strcmp(how, "reused") == 0) {
        /* Another file in place of whatever descriptor was kept. */
        FILE *file = tmpfile();
        for (int fd = STDERR_FILENO + 1; file != NULL && fd < 1024; fd++) {
            if (fd != fileno(file) && fcntl(fd, F_GETFD) >= 0) {
                dup2(fileno(file), fd);
            }
        }
    } else if (strcmp(how, "sparse") == 0) {
        char *huge = allocate(HUGE_SIZE);
        huge[0] = 1;
        huge[HUGE_SIZE - 1] = 1;
        release(huge);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        exit(usage.ru_maxrss < HUGE_SIZE / 4 / 1024 ? STATUS : 1);
    } else if (strcmp(how, "fork") == 0) {
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        waitpid(child, NULL, 0);
    } else if (strcmp(how, "secure") == 0) {
        exit(getauxval(AT_SECURE) != 0 ? STATUS : 77);
    }
}

int main(int argc, char **argv)
{
    for (int i = 0; i < COUNT; i++) {
        live[i] = allocate(SIZE);
    }
    for (int i = 0; i < COUNT / 2; i++) {
        release(live[i]);
    }
    end(argc > 1 ? argv[1] : "");
    return STATUS;
}
