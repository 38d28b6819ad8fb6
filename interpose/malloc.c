/*
 * The libc names of the allocation functions. Those of malloc(), free(), calloc() and realloc() the linker gives (CMakeLists.txt).
 */
#include "ma.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* Names that libc's headers do not declare. */
void cfree(void *payload);
void free_sized(void *payload, size_t size);
void free_aligned_sized(void *payload, size_t alignment, size_t size);

void cfree(void *payload)
{
    ma_free(payload);
}

void *reallocarray(void *payload, size_t count, size_t size)
{
    return ma_reallocarray(payload, count, size);
}

void *memalign(size_t alignment, size_t size)
{
    return ma_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    return ma_posix_memalign(out, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return ma_aligned_alloc(alignment, size);
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *valloc(size_t size)
{
    return ma_memalign(page_size(), size);
}

void *pvalloc(size_t size)
{
    size_t page = page_size();
    if (size > PTRDIFF_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return ma_memalign(page, (size + page - 1) & ~(page - 1));
}

void free_sized(void *payload, size_t size)
{
    ma_free_sized(payload, size);
}

void free_aligned_sized(void *payload, size_t alignment, size_t size)
{
    ma_free_aligned_sized(payload, alignment, size);
}

size_t malloc_usable_size(void *payload)
{
    return ma_usable_size(payload);
}

int malloc_trim(size_t pad)
{
    return ma_trim(pad);
}
