/*
 * Other processes from one with a large live heap; the descriptors that they inherit; errno.
 *
 *   processes none|stats     what MA_OPTIONS was set to: whether libma may keep a descriptor
 */
#include "expect.h"

#include <dirent.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { BLOCKS = 1500, BLOCK_SIZE = 40000, DESCRIPTORS_MAX = 1024 };

extern char **environ;

static unsigned char *live[BLOCKS];

/* 60 MB. */
static void fill_heap(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        live[i] = malloc(BLOCK_SIZE + (size_t)i);
        EXPECT(live[i] != NULL);
        memset(live[i], i, BLOCK_SIZE);
    }
}

static void heap_is_as_it_was(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        EXPECT(expect_filled(live[i], i, BLOCK_SIZE));
    }
    EXPECT(expect_heap_check() == 0);
    free(malloc(1000000));
}

static void expect_exit(pid_t child, int expected)
{
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static __attribute__((noinline)) pid_t vfork_and_exec_one(const char *path)
{
    pid_t child = vfork();
    if (child == 0) {
        execl(path, "sh", "-c", "exit 5", (char *)NULL);
        _exit(6);
    }
    return child;
}

static void vfork_and_exec(void)
{
    for (int i = 0; i < 20; i++) {
        expect_exit(vfork_and_exec_one("/bin/sh"), 5);
    }
    expect_exit(vfork_and_exec_one("/no/such/program"), 6);
}

static void spawn(void)
{
    char *arguments[] = {"sh", "-c", "exit 4", NULL};
    pid_t child = -1;
    EXPECT(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    expect_exit(child, 4);
    EXPECT(posix_spawnp(&child, "sh", NULL, NULL, arguments, environ) == 0);
    expect_exit(child, 4);
    EXPECT(posix_spawn(&child, "/no/such/program", NULL, NULL, arguments, environ) == ENOENT);
}

static void shell_and_pipes(void)
{
    EXPECT(WEXITSTATUS(system("exit 3")) == 3);
    FILE *pipe = popen("echo some words", "r");
    char *line = NULL;
    size_t room = 0;
    EXPECT(pipe != NULL && getline(&line, &room, pipe) > 0);
    EXPECT(line != NULL && strcmp(line, "some words\n") == 0);
    EXPECT(pclose(pipe) == 0);
    free(line);
    pipe = popen("test \"$(cat)\" = words", "w");
    EXPECT(pipe != NULL && fputs("words", pipe) >= 0);
    EXPECT(pclose(pipe) == 0);
}

/* The child changes its copy of the heap, and the parent does not see it. */
static void fork_and_go_on(void)
{
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < BLOCKS; i++) {
            memset(live[i], 0, BLOCK_SIZE);
            free(live[i]);
        }
        EXPECT(expect_heap_check() == 0);
        free(malloc(10000000));
        _exit(expect_failures == 0 ? 8 : 9);
    }
    expect_exit(child, 8);
}

/* The open descriptors above stderr, without allocating. */
static int open_descriptors(int *out, int room)
{
    int count = 0;
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX && count < room; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            out[count] = fd;
            count++;
        }
    }
    return count;
}

static void descriptors_are_not_inherited(bool has_stats)
{
    int kept[8];
    int count = open_descriptors(kept, 8);
    EXPECT(count == (has_stats ? 1 : 0));
    for (int i = 0; i < count; i++) {
        struct stat theirs;
        struct stat ours;
        EXPECT((fcntl(kept[i], F_GETFD) & FD_CLOEXEC) != 0);
        EXPECT(fstat(kept[i], &theirs) == 0 && fstat(STDERR_FILENO, &ours) == 0);
        EXPECT(theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev);
    }
    /* Without libma, the child has none but what it inherits; the shell's own is the 255th or the 10th. */
    char *arguments[] = {
        "sh", "-c",
        "for i in 3 4 5 6 7 8 9 100 101 102; do [ ! -e /proc/$$/fd/$i ] || exit 2; done", NULL};
    char *environment[] = {"PATH=/usr/bin:/bin", NULL};
    pid_t child = -1;
    EXPECT(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environment) == 0);
    expect_exit(child, 0);
}

static void the_start_leaves_errno_alone(void)
{
    errno = 0;
    void *payload = malloc(10); /* the first of this process */
    EXPECT(errno == 0 && payload != NULL);
    free(payload);
    payload = calloc(1, 5000000);
    EXPECT(errno == 0 && payload != NULL);
    free(payload);
    EXPECT(errno == 0);
}

int main(int argc, char **argv)
{
    /* Start anew without the descriptors that were inherited: the rest are libma's. */
    if (argc < 3) {
        for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
            close(fd);
        }
        execl(argv[0], argv[0], argc > 1 ? argv[1] : "none", "again", (char *)NULL);
        return 2;
    }
    expect_libma();
    the_start_leaves_errno_alone();
    descriptors_are_not_inherited(strcmp(argv[1], "stats") == 0);
    fill_heap();
    vfork_and_exec();
    spawn();
    shell_and_pipes();
    fork_and_go_on();
    heap_is_as_it_was();
    descriptors_are_not_inherited(strcmp(argv[1], "stats") == 0);
    return expect_status();
}
