/*
 * What the programs in this folder share: they state what must hold, go on when it does not, and end with the
 * number of failures as their status.
 *
 * Nothing here allocates, so that a program decides itself what its first allocation is.
 */
#ifndef TESTS_INTERPOSE_EXPECT_H
#define TESTS_INTERPOSE_EXPECT_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int expect_failures;

/* Says so where it does not hold. errno is kept. */
static inline void expect_holds(int holds, const char *file, int line, const char *what)
{
    if (!holds) {
        int saved_errno = errno;
        dprintf(STDERR_FILENO, "%s:%d: not so: %s (errno %d)\n", file, line, what, saved_errno);
        expect_failures++;
        errno = saved_errno;
    }
}

#define EXPECT(holds) expect_holds((holds) ? 1 : 0, __FILE__, __LINE__, #holds)

/* libc's own function of a name that libma has, too. */
static inline void *expect_libc(const char *name)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void *function = libc != NULL ? dlsym(libc, name) : NULL;
    EXPECT(function != NULL);
    return function;
}

static inline void *expect_libc_malloc(size_t size)
{
    static void *(*function)(size_t);
    function = function != NULL ? function : (void *(*)(size_t))expect_libc("malloc");
    return function(size);
}

/* The program's exit status. */
static inline int expect_status(void)
{
    return expect_failures == 0 ? 0 : 1;
}

/* A function that may be missing, as it is without libma. */
static inline void *expect_symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* Whether libma serves this process. */
static inline int expect_has_libma(void)
{
    return expect_symbol("ma_check") != NULL;
}

/* A program that was to run on libma and does not would prove nothing. */
static inline void expect_libma(void)
{
    EXPECT(expect_has_libma());
}

/* 0 where the heap is sound, or is not libma's. */
static inline int expect_heap_check(void)
{
    void *symbol = expect_symbol("ma_check");
    return symbol != NULL ? ((int (*)(void))symbol)() : 0;
}

/* Whether libma allocated what `address` points to. */
static inline int expect_owned(const void *address)
{
    void *symbol = expect_symbol("ma_owns");
    return symbol != NULL && ((int (*)(const void *))symbol)(address);
}

/* The size of the process's address space in bytes, without stdio, which allocates. */
static inline size_t expect_address_space(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    EXPECT(got > 0);
    close(fd);
    return (size_t)strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Whether all of `size` bytes are `value`. */
static inline int expect_filled(const void *bytes, int value, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i++) {
        if (at[i] != (unsigned char)value) {
            return 0;
        }
    }
    return 1;
}

#endif
