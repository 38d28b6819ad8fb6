/*
 * Linked without libma: preloaded.c with|without says whether it expects to run on it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    int (*owns)(const void *) = NULL;
    int expected = argc > 1 && strcmp(argv[1], "with") == 0;
    void *payload = malloc(1);
    void *function = dlsym(RTLD_DEFAULT, "ma_owns");

    memcpy(&owns, &function, sizeof(owns)); /* ISO C has no cast from one to the other */
    int found = owns != NULL && owns(payload);
    free(payload);
    if (found != expected) {
        fprintf(stderr, "preloaded.c: malloc is %slibma's\n", found ? "" : "not ");
    }
    return found != expected;
}
