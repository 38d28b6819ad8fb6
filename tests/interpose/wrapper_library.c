/*
 * A second interposer, as profilers and leak finders are built: it counts, and finds the next malloc by dlsym()
 * at its first call, which itself allocates.
 */
#include "expect.h"

extern int wrapper_mallocs;
extern int wrapper_frees;
int wrapper_mallocs;
int wrapper_frees;

static _Alignas(16) char reserve[10000]; /* while looking up, which may allocate */
static size_t reserve_used;
static int is_looking_up;

static int from_reserve(const char *payload)
{
    return payload >= reserve && payload < reserve + sizeof(reserve);
}

static void *next(const char *name)
{
    is_looking_up = 1;
    /* Fails, for libc to set up an error message. */
    if (dlsym(RTLD_NEXT, "tests_interpose_no_such_name") != NULL) {
        abort();
    }
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    is_looking_up = 0;
    return found;
}

void *malloc(size_t size)
{
    static void *found;
    if (is_looking_up) {
        char *payload = reserve + reserve_used;
        reserve_used += (size + 15) / 16 * 16;
        return payload;
    }
    found = found != NULL ? found : next("malloc");
    wrapper_mallocs++;
    return ((void *(*)(size_t))found)(size);
}

void free(void *payload)
{
    static void *found;
    if (from_reserve(payload)) {
        return;
    }
    found = found != NULL ? found : next("free");
    wrapper_frees++;
    ((void (*)(void *))found)(payload);
    errno = ENOTTY; /* as an older libc's free() may */
}
