/*
 * A program with malloc, free, calloc and realloc of its own that pass on to libc's second names, and the rest of the family from elsewhere:
 * what one gives the other takes.
 */
#include "expect.h"

#include <malloc.h>

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *payload);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *payload, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    return __libc_malloc(size);
}

void free(void *payload)
{
    __libc_free(payload);
}

void *calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *realloc(void *payload, size_t size)
{
    return __libc_realloc(payload, size);
}

int main(void)
{
    void *aligned = NULL;
    EXPECT(posix_memalign(&aligned, 64, 100) == 0);
    free(aligned);
    free(memalign(256, 5000));
    free(__libc_memalign(4096, 100));
    free(realloc(aligned_alloc(64, 640), 100000));
    char *copy = strdup("text");
    EXPECT(malloc_usable_size(copy) >= 5);
    free(copy);
    char *zeroed = calloc(100, 10);
    EXPECT(expect_filled(zeroed, 0, 1000));
    free(zeroed);
    return expect_status();
}
