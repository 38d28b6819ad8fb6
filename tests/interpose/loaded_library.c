/*
 * A plugin for loading.c. It allocates, and releases what others allocated. LOADED_INNER: the same under a name
 * that is found by the outer one's RUNPATH alone.
 */
#include "expect.h"

void *loaded_allocate(size_t size);
void loaded_release(void *payload);
void *loaded_open(const char *file);
char *loaded_copy(const char *text);

static void *kept;

static __attribute__((constructor)) void keep(void)
{
    kept = malloc(12345);
}

static __attribute__((destructor)) void let_go(void)
{
    free(kept);
}

void *loaded_allocate(size_t size)
{
    return malloc(size);
}

void loaded_release(void *payload)
{
    free(payload);
}

char *loaded_copy(const char *text)
{
    return strdup(text);
}

/* dlopen() searches the RUNPATH of this library, its caller. */
void *loaded_open(const char *file)
{
    void *volatile handle =
        dlopen(file, RTLD_NOW); /* no tail call: that would make our caller its caller */
    return handle;
}
