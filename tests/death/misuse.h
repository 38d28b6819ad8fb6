/*
 * What the misusing programs share.
 *
 * A program announces the address that it is about to misuse, misuses it, and, where
 * nobody stopped it, says so. Nothing here allocates: the programs lay out the heap.
 */
#ifndef MA_TESTS_DEATH_MISUSE_H
#define MA_TESTS_DEATH_MISUSE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* C23's names; weak, so that the programs link with any libc. */
#ifdef __cplusplus
extern "C" {
#endif
void free_sized(void *payload, size_t size) __attribute__((weak));
void free_aligned_sized(void *payload, size_t alignment, size_t size) __attribute__((weak));
size_t malloc_usable_size(void *payload);
#ifdef __cplusplus
}
#endif

/* The same address, of which the compiler knows nothing any more. */
static inline char *hide(void *address)
{
    void *volatile hidden = address;
    return (char *)hidden;
}

/* Tell the wrapper which address the message must name. */
static inline void announce(const void *address)
{
    char line[32];
    int length = snprintf(line, sizeof(line), "0x%zx\n", (size_t)address);
    if (write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(1);
    }
}

/* The bytes `size` at `address`, but each one changed. */
static inline void smash(void *address, size_t size)
{
    char *bytes = hide(address);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(bytes[i] ^ 0x5a);
    }
}

/* Stop with a failure of its own kind where the heap is not laid out as the misuse needs it. */
static inline void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "the program cannot do its misuse: %s\n", what);
        _exit(3);
    }
}

/* A size whose blocks go back to the core at once; with their headers they lie side by side. */
enum { UNCACHED = 300008 };

/*
 * Three blocks side by side, each of `size` usable bytes (24, 40, 56 ...), with used
 * neighbours. They come from fresh memory, as the heap is young.
 */
static inline void three_neighbours(char *out[3], size_t size)
{
    void *before = malloc(size);
    for (int i = 0; i < 3; i++) {
        out[i] = hide(malloc(size));
    }
    void *after = malloc(size);
    require(before != NULL && after != NULL, "memory is out");
    require(out[1] == out[0] + size + 8 && out[2] == out[1] + size + 8,
            "three blocks are not neighbours");
}

/* Three objects side by side in a slab, each of `size` usable bytes (16, 48, 80 ...): the class is warm
 * by now, and many others of it live. */
static inline void three_objects(char *out[3], size_t size)
{
    for (int i = 0; i < 64; i++) {
        require(malloc(size) != NULL, "memory is out");
    }
    /* A page's objects come in order, but from a random one on. */
    int count = 0;
    for (int i = 0; i < 64 && count < 3; i++) {
        char *object = hide(malloc(size));
        count = count > 0 && object == out[count - 1] + size ? count : 0;
        out[count++] = object;
    }
    require(count == 3, "three objects are not neighbours in a slab");
}

/* The misuse has passed in silence. */
static inline int not_stopped(void)
{
    static const char line[] = "not stopped\n";
    return write(STDOUT_FILENO, line, sizeof(line) - 1) > 0 ? 0 : 2;
}

#endif
