/*
 * Allocations before any constructor has run, and after the last destructor of ours: an indirect function's
 * resolver, .preinit_array, constructors, main, atexit, destructors.
 *
 * main() gives a failure: only the destructor of early_library.c, which comes last, ends the process well.
 */
#include "expect.h"

static void *from_resolver;
static void *from_preinit;
static void *from_constructor;

/* Exported; set when the program's own part is over. */
extern int early_ended;
int early_ended;

static int seven(void)
{
    return 7;
}

/* Runs while the program is relocated. */
static __attribute__((used)) int (*resolve(void))(void)
{
    from_resolver = malloc(1000);
    memset(from_resolver, 'r', 1000);
    free(malloc(10));
    return seven;
}

static int resolved(void) __attribute__((ifunc("resolve")));

/* The address of an indirect function in data has it resolved at load time, after the other relocations. */
static int (*volatile resolved_at_load)(void) = resolved;

static void preinit(void)
{
    from_preinit = calloc(10, 100);
    from_preinit = realloc(from_preinit, 200000);
}

static __attribute__((section(".preinit_array"), used)) void (*preinit_entry)(void) = preinit;

static __attribute__((constructor(101))) void construct(void)
{
    void *payload = NULL;
    from_constructor = posix_memalign(&payload, 4096, 100) == 0 ? payload : NULL;
}

static void at_exit(void)
{
    free(from_preinit);
    free(from_constructor);
    free(malloc(100));
    EXPECT(expect_heap_check() == 0);
    early_ended = expect_failures == 0 ? 1 : 2;
}

int main(void)
{
    expect_libma();
    EXPECT(resolved_at_load() == 7);
    EXPECT(from_resolver != NULL && expect_owned(from_resolver));
    EXPECT(expect_filled(from_resolver, 'r', 1000));
    EXPECT(from_preinit != NULL && expect_owned(from_preinit));
    EXPECT(expect_filled(from_preinit, 0, 1000));
    EXPECT(from_constructor != NULL && expect_owned(from_constructor));
    EXPECT((uintptr_t)from_constructor % 4096 == 0);
    free(from_resolver);
    EXPECT(atexit(at_exit) == 0);
    EXPECT(expect_heap_check() == 0);
    return 1;
}
