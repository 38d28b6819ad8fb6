/*
 * What the programs in this folder share. They use the libc names and run with libma.so
 * preloaded; the functions of ma.h are found through weak symbols.
 */
#ifndef MA_TESTS_THREADS_COMMON_H
#define MA_TESTS_THREADS_COMMON_H

#include "support/random.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int ma_check(void) __attribute__((weak));
int ma_owns(const void *address) __attribute__((weak));

/* Seconds until a program or a forked child that hangs is killed. */
enum { PATIENCE_SECONDS = 150 };

/* Stop with a message. Does not allocate, runs no exit handlers: any thread or child may. */
static inline __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...)
{
    char line[300];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    size_t size = length < (int)sizeof(line) - 1 ? (size_t)length : sizeof(line) - 2;
    line[size] = '\n';
    ssize_t written = write(STDERR_FILENO, line, size + 1);
    _exit(written > 0 ? 1 : 2);
}

static inline void require(int condition, const char *what)
{
    if (!condition) {
        fail("failed: %s", what);
    }
}

/* The heap is sound. */
static inline void check_heap(const char *when)
{
    int broken = ma_check();
    if (broken != 0) {
        fail("ma_check() gives %d: %s", broken, when);
    }
}

/* Call first: kill the program if it hangs. A forked child needs a call of its own. */
static inline void be_impatient(void)
{
    alarm(PATIENCE_SECONDS);
}

/* The library is in use: or the test would test libc's. */
static inline void require_library(void)
{
    require(ma_check != NULL && ma_owns != NULL, "libma.so is preloaded");
    void *volatile p = malloc(10);
    require(ma_owns(p), "malloc is libma's");
    free(p);
}

/* Mostly small, to 100 KiB. */
static inline size_t random_size(uint64_t *state)
{
    size_t bits = 4 + random_below(state, random_below(state, 50) == 0 ? 14 : 8);
    return 1 + random_below(state, (size_t)1 << bits);
}

/* A block that carries its size and a byte that fills it. */
struct stamped {
    size_t size; /* of the whole block */
    unsigned char stamp;
    unsigned char bytes[];
};

/* Bytes of a block of `size` bytes that the stamp fills. */
static inline size_t stamped_bytes(size_t size)
{
    return size - offsetof(struct stamped, bytes);
}

static inline void stamp(struct stamped *block, size_t size, unsigned char value)
{
    block->size = size;
    block->stamp = value;
    memset(block->bytes, value, stamped_bytes(size));
}

/* NULL where memory is out. */
static inline struct stamped *try_new_stamped(size_t size, unsigned char value)
{
    size = size < sizeof(struct stamped) ? sizeof(struct stamped) : size;
    struct stamped *block = malloc(size);
    if (block != NULL) {
        stamp(block, size, value);
    }
    return block;
}

static inline struct stamped *new_stamped(size_t size, unsigned char value)
{
    struct stamped *block = try_new_stamped(size, value);
    if (block == NULL) {
        fail("malloc(%zu) gives NULL", size);
    }
    return block;
}

static inline void verify_stamped(const struct stamped *block, size_t size)
{
    for (size_t i = 0; i < stamped_bytes(size); i++) {
        if (block->bytes[i] != block->stamp) {
            fail("byte %zu of block %p (%zu bytes) is %d, not %d", i, (const void *)block,
                 block->size, block->bytes[i], block->stamp);
        }
    }
}

static inline void free_stamped(struct stamped *block)
{
    if (block != NULL) {
        verify_stamped(block, block->size);
        free(block);
    }
}

static inline struct stamped *resize_stamped(struct stamped *block, size_t size)
{
    size = size < sizeof(*block) ? sizeof(*block) : size;
    size_t kept = size < block->size ? size : block->size;
    unsigned char value = block->stamp;
    verify_stamped(block, block->size);
    block = realloc(block, size);
    if (block == NULL) {
        fail("realloc to %zu gives NULL", size);
    }
    verify_stamped(block, kept);
    stamp(block, size, value);
    return block;
}

/* `turns` random operations on a table of `count` blocks. */
static inline void churn(struct stamped **table, size_t count, uint64_t *random, size_t turns)
{
    for (size_t i = 0; i < turns; i++) {
        struct stamped **slot = &table[random_below(random, count)];
        if (*slot != NULL && random_below(random, 3) == 0) {
            *slot = resize_stamped(*slot, random_size(random));
        } else {
            free_stamped(*slot);
            *slot = new_stamped(random_size(random), (unsigned char)random_next(random));
        }
    }
}

static inline void free_table(struct stamped **table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free_stamped(table[i]);
        table[i] = NULL;
    }
}

static inline pthread_t start_thread(void *(*run)(void *), void *context)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, context);
    if (error != 0) {
        fail("pthread_create: %s", strerror(error));
    }
    return thread;
}

/* Run `count` threads at a time to their end, at most 64; `run` is given their numbers, from `first` on. */
static inline void run_at_once(void *(*run)(void *), size_t count, size_t first)
{
    pthread_t threads[64];
    for (size_t i = 0; i < count; i++) {
        threads[i] = start_thread(run, (void *)(first + i));
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* What a forked child does first. */
static inline void child_begins(void)
{
    be_impatient();
}

/* Wait for a child that must end with status 0. */
static inline void await_child(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        fail("there is no child");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail("a child ended with %s %d", WIFEXITED(status) ? "status" : "signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    }
}

/* Threads that use the heap until they are stopped. */
struct load {
    pthread_t threads[8];
    int count;
    int stop; /* atomic */
};

static inline void *run_load(void *context)
{
    struct load *load = context;
    struct stamped *table[64] = {NULL};
    uint64_t random = (uintptr_t)&table;
    while (!__atomic_load_n(&load->stop, __ATOMIC_ACQUIRE)) {
        churn(table, 64, &random, 50);
    }
    free_table(table, 64);
    return NULL;
}

static inline void start_load(struct load *load, int count)
{
    *load = (struct load){.count = count};
    for (int i = 0; i < count; i++) {
        load->threads[i] = start_thread(run_load, load);
    }
}

static inline void stop_load(struct load *load)
{
    __atomic_store_n(&load->stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < load->count; i++) {
        pthread_join(load->threads[i], NULL);
    }
}

#endif
