/*
 * A program that uses the program break itself, between allocations, and maps memory into its way.
 */
#include "expect.h"

#include <malloc.h>
#include <sys/mman.h>

enum { PAGE = 4096, KIB = 1024, MIB = 1024 * 1024, AREAS = 60, PAYLOADS = 1500 };

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static struct area {
    char *start;
    size_t size;
} areas[AREAS];

static struct {
    unsigned char *payload;
    size_t size;
} payloads[PAYLOADS];

static unsigned seed = 1;

static unsigned random_below(unsigned limit)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % limit;
}

/* Some allocations and releases of all sizes; what is live keeps its contents. */
static void churn(int turns)
{
    for (int i = 0; i < turns; i++) {
        unsigned at = random_below(PAYLOADS);
        EXPECT(expect_filled(payloads[at].payload, (int)at, payloads[at].size));
        free(payloads[at].payload);
        unsigned kind = random_below(20);
        payloads[at].size = random_below(kind == 0 ? 500000 : kind < 5 ? 20000 : 500);
        payloads[at].payload = malloc(payloads[at].size);
        EXPECT(payloads[at].payload != NULL);
        memset(payloads[at].payload, (int)at, payloads[at].size);
    }
}

static void release_all(void)
{
    for (unsigned i = 0; i < PAYLOADS; i++) {
        EXPECT(expect_filled(payloads[i].payload, (int)i, payloads[i].size));
        free(payloads[i].payload);
        payloads[i].payload = NULL;
        payloads[i].size = 0;
    }
}

static void areas_are_untouched(void)
{
    for (int i = 0; i < AREAS; i++) {
        EXPECT(expect_filled(areas[i].start, 0x5a, areas[i].size));
    }
}

/* What sbrk() gave the program is the program's: it is never handed out, nor given back. */
static void the_programs_areas_are_its_own(void)
{
    for (int i = 0; i < AREAS; i++) {
        churn(100);
        areas[i].size = random_below(3) == 0 ? random_below(300000) : random_below(100);
        areas[i].start = sbrk((intptr_t)areas[i].size);
        EXPECT(areas[i].start != (void *)-1);
        memset(areas[i].start, 0x5a, areas[i].size);
        EXPECT(areas[i].size == 0 || !expect_owned(areas[i].start));
    }
    EXPECT(expect_heap_check() == 0);
    areas_are_untouched();
    release_all();
    malloc_trim(0);
    EXPECT(expect_heap_check() == 0);
    areas_are_untouched();
    churn(2000);
    areas_are_untouched();
    EXPECT(expect_heap_check() == 0);
}

/* Up and down again, at the top. */
static void an_area_is_given_back(void)
{
    for (int i = 0; i < 200; i++) {
        intptr_t size = (intptr_t)random_below(i % 2 == 0 ? 100 : 1000000);
        char *area = sbrk(size);
        EXPECT(area != (void *)-1);
        memset(area, 0x5a, (size_t)size);
        if (i % 3 == 0) {
            free(malloc(100)); /* from what there is: the break stays where it is */
        }
        if (sbrk(0) == area + size) {
            EXPECT(sbrk(-size) == area + size);
        }
        churn(20);
    }
    EXPECT(expect_heap_check() == 0);
    areas_are_untouched();
}

/* With something directly above the break, it cannot grow any more. */
static void a_mapping_is_in_the_way(void)
{
    for (int i = 0; i < 8; i++) {
        char *top = sbrk(0);
        char *above = top + (PAGE - (uintptr_t)top % PAGE) % PAGE + (size_t)(i % 3) * 20 * PAGE;
        char *wall = mmap(above, PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        EXPECT(wall == above);
        memset(wall, 0x77, PAGE);
        churn(700);
        void *large = malloc(30 * MIB);
        EXPECT(large != NULL && expect_owned(large));
        memset(large, 1, 30 * MIB);
        EXPECT(expect_heap_check() == 0);
        large = realloc(large, 50 * MIB);
        EXPECT(large != NULL && expect_filled(large, 1, 30 * MIB));
        free(large);
        EXPECT(expect_filled(wall, 0x77, PAGE) && !expect_owned(wall));
        EXPECT(munmap(wall, PAGE) == 0);
        churn(500);
        malloc_trim(0);
    }
    EXPECT(expect_heap_check() == 0);
    areas_are_untouched();
}

/* A wall that stays, to the end. */
static void the_break_is_shut_for_good(void)
{
    char *top = sbrk(0);
    char *wall = mmap(top + (PAGE - (uintptr_t)top % PAGE) % PAGE, PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT(wall != MAP_FAILED);
    churn(3000);
    void *large = malloc(20 * MIB);
    struct mallinfo2 info = mallinfo2();
    EXPECT(large != NULL && info.hblkhd >= 20 * MIB);
    free(large);
    release_all();
    malloc_trim(0);
    EXPECT(mallinfo2().hblkhd < info.hblkhd);
    EXPECT(expect_heap_check() == 0);
    areas_are_untouched();
}

int main(void)
{
    expect_libma();
    the_programs_areas_are_its_own();
    an_area_is_given_back();
    a_mapping_is_in_the_way();
    the_break_is_shut_for_good();
    return expect_status();
}
