/*
 * A vector that grows by an element at a time: its capacity is doubled by realloc. Other blocks are allocated in between, so
 * that it cannot always grow where it is.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MIB_DEFAULT 1024
#define ELEMENT 64

static size_t peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
}

void probe_vector(char **arguments)
{
    size_t bytes = only_count(arguments, MIB_DEFAULT) << 20;
    size_t capacity = ELEMENT;
    size_t before = peak_kib();
    double start = now_ns();
    char *vector = allocate_touched(capacity);
    for (size_t used = 0; used < bytes; used += ELEMENT) {
        if (used == capacity) {
            capacity *= 2;
            vector = realloc(vector, capacity);
            if (vector == NULL) {
                fail("realloc");
            }
            (void)allocate_touched(100);
        }
        memset(vector + used, (int)(used / ELEMENT), ELEMENT);
    }
    double ms = (now_ns() - start) / 1e6;
    for (size_t used = 0; used < bytes; used += ELEMENT) {
        if (vector[used] != (char)(used / ELEMENT)) {
            reject("the vector has lost its contents");
        }
    }
    size_t grown = peak_kib() - before;
    printf("peak_kib=%zu peak_over_live=%.3f ms=%.0f\n", grown,
           (double)grown * 1024 / (double)bytes, ms);
}
