/*
 * Payloads of an allocator that comes after libma in the search order (next_library.c) are its own, though glibc's was never used.
 */
#include "expect.h"

int main(void)
{
    void *(*next_malloc)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "next_malloc");
    size_t (*next_freed_count)(void) = (size_t(*)(void))dlsym(RTLD_DEFAULT, "next_freed_count");
    if (next_malloc == NULL || next_freed_count == NULL) {
        return 1;
    }
    char *first = next_malloc(100);
    memset(first, 'n', 100);
    free(first);
    EXPECT(next_freed_count() == 1);
    char *second = realloc(next_malloc(100), 200);
    EXPECT(second != NULL && !expect_owned(second));
    free(second);
    EXPECT(next_freed_count() == 3);
    void *ours = malloc(100);
    EXPECT(expect_owned(ours));
    free(ours);
    return expect_failures > 0;
}
