/*
 * An allocator that comes after libma in the search order, with libc's second names, too: what it gives by a name of its own, free()
 * takes. It hands out memory one piece behind the other.
 */
#include <stddef.h>
#include <string.h>

static _Alignas(16) char memory[1 << 16];
static size_t used;
static size_t freed_count;

void *next_malloc(size_t size);
size_t next_freed_count(void);
void free(void *payload);
void __libc_free(void *payload) __attribute__((alias("free")));
void *realloc(void *payload, size_t size);

void *next_malloc(size_t size)
{
    char *payload = memory + used;
    used += (size + 15) / 16 * 16;
    return payload;
}

size_t next_freed_count(void)
{
    return freed_count;
}

void free(void *payload)
{
    freed_count += payload != NULL;
}

void *realloc(void *payload, size_t size)
{
    void *moved = next_malloc(size);
    memmove(moved, payload, size);
    free(payload);
    return moved;
}
