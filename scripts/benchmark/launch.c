/*
 * Run a program and say what it took.
 *
 *   launch REPORT PROGRAM [ARGUMENT...]
 *
 * Appends one line to the file REPORT: "STATUS WALL_NS USER_US SYS_US PEAK_KIB", where STATUS is the exit
 * status, or minus the number of the signal that ended the program.
 *
 * Why not from Python: a process's peak resident memory (wait4's ru_maxrss) counts what was resident before its
 * exec too, hence at least its parent's. This program is linked statically and has next to nothing resident, less
 * than the smallest program that a dynamic linker starts; and LD_PRELOAD, which stands in its environment for
 * PROGRAM, has no effect on it. The peak is that of PROGRAM or of the largest descendant that was waited for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

static void fail(const char *what)
{
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    _exit(127);
}

static void become(char **command)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(command[0], command);
    fail(command[0]);
}

/* After the program has ended, so that it is no part of the time. */
static void report(const char *path, int status, long long wall_ns, const struct rusage *usage)
{
    FILE *file = fopen(path, "a");
    if (file == NULL) {
        fail(path);
    }
    int code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    fprintf(file, "%d %lld %lld %lld %ld\n", code, wall_ns, microseconds(usage->ru_utime),
            microseconds(usage->ru_stime), usage->ru_maxrss);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: launch REPORT PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    long long start = now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        become(argv + 2);
    }
    if (pid < 0) {
        fail("fork");
    }
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            fail("wait4");
        }
    }
    report(argv[1], status, now_ns() - start, &usage);
    return 0;
}
