/*
 * Linked with libma.a: ma_malloc beside libc's malloc, which stays what it was. In C and in C++.
 */
#include <ma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "static.c: %s\n", what);
    }
    return holds ? 0 : 1;
}

int main(void)
{
    int failures = 0;
    char *ours = (char *)ma_malloc(1000);
    char *libcs = (char *)malloc(1000);

    failures += expect(ours != NULL && ma_owns(ours), "ma_malloc gave nothing of libma's");
    failures += expect(libcs != NULL && !ma_owns(libcs), "malloc is not libc's");
    if (ours != NULL && libcs != NULL) {
        memset(ours, 1, 1000);
        memset(libcs, 2, 1000);
        failures += expect(ours[999] == 1 && libcs[999] == 2, "the two overlap");
    }
    ma_free(ours);
    free(libcs);
    failures += expect(ma_check() == 0, "the heap is not sound");
    return failures;
}
