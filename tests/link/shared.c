/*
 * Linked with libma.so: malloc is libma's, in this program and in libc.
 */
#include <ma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "shared.c: %s\n", what);
    }
    return holds ? 0 : 1;
}

int main(void)
{
    void *own = malloc(1);
    char *from_libc = strdup("a string that libc allocates");
    struct ma_stats stats;
    int local = 0;
    int failures = 0;

    ma_stats(&stats);
    failures += expect(own != NULL && ma_owns(own), "malloc is not libma's");
    failures += expect(from_libc != NULL && ma_owns(from_libc), "libc's malloc is not libma's");
    failures += expect(!ma_owns(&local), "the stack is not libma's");
    failures += expect(stats.live_count >= 2, "ma_stats does not count the two");
    free(from_libc);
    ma_free(own);
    failures += expect(ma_check() == 0, "the heap is not sound");
    return failures;
}
