/*
 * What every allocating function promises, where the standards leave it open: glibc's answers.
 *
 *   contract libma|glibc
 *
 * The same program passes on glibc's own malloc, save what only libma has or promises.
 */
#include "expect.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MARK = 1234, PAGE = 4096 };

static bool on_libma;

/* Every way to ask for `size` bytes. What fails sets errno. */
static void *by_malloc(size_t size)
{
    return malloc(size);
}

static void *by_calloc(size_t size)
{
    return calloc(1, size);
}

static void *by_calloc_of_many(size_t size)
{
    return calloc(size, 1);
}

static void *by_realloc(size_t size)
{
    return realloc(NULL, size);
}

static void *by_reallocarray(size_t size)
{
    return reallocarray(NULL, size, 1);
}

static void *by_memalign(size_t size)
{
    return memalign(64, size);
}

static void *by_posix_memalign(size_t size)
{
    void *out = NULL;
    int error = posix_memalign(&out, 64, size);
    errno = error != 0 ? error : errno;
    return out;
}

static void *by_aligned_alloc(size_t size)
{
    return aligned_alloc(64, size);
}

static void *by_aligned_alloc_to_pages(size_t size)
{
    return aligned_alloc(PAGE, size);
}

static void *by_valloc(size_t size)
{
    return valloc(size);
}

static void *by_pvalloc(size_t size)
{
    return pvalloc(size);
}

static const struct entry {
    const char *name;
    void *(*allocate)(size_t size);
    size_t alignment;
} entries[] = {
    {"malloc", by_malloc, 16},
    {"calloc", by_calloc, 16},
    {"calloc of many", by_calloc_of_many, 16},
    {"realloc", by_realloc, 16},
    {"reallocarray", by_reallocarray, 16},
    {"memalign", by_memalign, 64},
    {"posix_memalign", by_posix_memalign, 64},
    {"aligned_alloc", by_aligned_alloc, 64},
    {"aligned_alloc to pages", by_aligned_alloc_to_pages, PAGE},
    {"valloc", by_valloc, PAGE},
    {"pvalloc", by_pvalloc, PAGE},
};

static void payloads_are_aligned_and_hold_their_size(const struct entry *entry)
{
    static const size_t sizes[] = {0,     1,     8,      15,     16,     17,     24,      25,
                                   100,   1000,  1024,   4095,   4096,   4097,   10000,   65535,
                                   65536, 65537, 100000, 131072, 200000, 262144, 1000000, 5000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        unsigned char *payload = entry->allocate(size);
        EXPECT(payload != NULL);
        EXPECT((uintptr_t)payload % entry->alignment == 0);
        EXPECT(malloc_usable_size(payload) >= size);
        free(payload);
    }
}

static void zero_bytes_give_unique_pointers(const struct entry *entry)
{
    enum { COUNT = 20 };
    void *payloads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = entry->allocate(0);
        EXPECT(payloads[i] != NULL);
        EXPECT((uintptr_t)payloads[i] % entry->alignment == 0);
        for (int j = 0; j < i; j++) {
            EXPECT(payloads[i] != payloads[j]);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        free(payloads[i]);
    }
}

static void what_cannot_be_had_is_enomem(const struct entry *entry)
{
    static const size_t sizes[] = {PTRDIFF_MAX - PAGE - 1,
                                   PTRDIFF_MAX - 64,
                                   PTRDIFF_MAX - 1,
                                   PTRDIFF_MAX,
                                   (size_t)PTRDIFF_MAX + 1,
                                   SIZE_MAX / 2 + PAGE,
                                   SIZE_MAX - 2 * PAGE,
                                   SIZE_MAX - PAGE,
                                   SIZE_MAX - 64,
                                   SIZE_MAX - 32,
                                   SIZE_MAX - 16,
                                   SIZE_MAX - 15,
                                   SIZE_MAX - 1,
                                   SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        errno = 0;
        EXPECT(entry->allocate(sizes[i]) == NULL);
        EXPECT(errno == ENOMEM);
    }
}

/* All that malloc_usable_size() names may be written, with other payloads all around. */
static void usable_size_may_be_written(const struct entry *entry)
{
    enum { COUNT = 64 };
    unsigned char *payloads[COUNT];
    size_t usable[COUNT];
    for (int i = 0; i < COUNT; i++) {
        size_t size = (size_t)(i * i * 7 + i);
        payloads[i] = entry->allocate(size);
        usable[i] = malloc_usable_size(payloads[i]);
        EXPECT(payloads[i] != NULL && usable[i] >= size);
        memset(payloads[i], i, usable[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT(malloc_usable_size(payloads[i]) == usable[i]);
        EXPECT(expect_filled(payloads[i], i, usable[i]));
    }
    EXPECT(expect_heap_check() == 0);
    for (int i = 0; i < COUNT; i += 2) {
        free(payloads[i]);
    }
    for (int i = 1; i < COUNT; i += 2) {
        EXPECT(expect_filled(payloads[i], i, usable[i]));
        free(payloads[i]);
    }
}

static void free_keeps_errno(const struct entry *entry)
{
    static const size_t sizes[] = {0, 10, 1000, 100000, 1 << 20, 20 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *payload = entry->allocate(sizes[i]);
        EXPECT(payload != NULL);
        memset(payload, 1, sizes[i]); /* the top is given back in free */
        errno = MARK;
        free(payload);
        EXPECT(errno == MARK);
    }
}

static void calloc_clears(void)
{
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        void *payload = malloc(size);
        EXPECT(payload != NULL);
        memset(payload, 0xff, size);
        free(payload);
        payload = calloc(size, 1);
        EXPECT(payload != NULL && expect_filled(payload, 0, size));
        memset(payload, 0xff, size);
        free(payload);
        payload = calloc(3, size);
        EXPECT(payload != NULL && expect_filled(payload, 0, 3 * size));
        free(payload);
    }
}

static void products_that_overflow_are_enomem(void)
{
    static const size_t factors[][2] = {{SIZE_MAX, 2},
                                        {2, SIZE_MAX},
                                        {SIZE_MAX, SIZE_MAX},
                                        {(size_t)1 << 32, (size_t)1 << 32},
                                        {SIZE_MAX / 2 + 1, 2},
                                        {SIZE_MAX / 16 + 1, 16},
                                        {(size_t)1 << 32, (size_t)1 << 31},
                                        {((size_t)1 << 32) + 1, (size_t)1 << 32}};
    char *kept = malloc(100);
    EXPECT(kept != NULL);
    memset(kept, 'k', 100);
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        errno = 0;
        EXPECT(calloc(factors[i][0], factors[i][1]) == NULL);
        EXPECT(errno == ENOMEM);
        errno = 0;
        EXPECT(reallocarray(NULL, factors[i][0], factors[i][1]) == NULL);
        EXPECT(errno == ENOMEM);
        errno = 0;
        EXPECT(reallocarray(kept, factors[i][0], factors[i][1]) == NULL);
        EXPECT(errno == ENOMEM);
    }
    EXPECT(expect_filled(kept, 'k', 100));
    free(kept);
}

static void realloc_keeps_the_contents(void)
{
    static const size_t sizes[] = {1,        100,     50,    5000, 4000, 200000, 150000, 3000000,
                                   10000000, 2000000, 90000, 8000, 8016, 64,     1};
    unsigned char *payload = realloc(NULL, 1);
    EXPECT(payload != NULL);
    payload[0] = 'r';
    size_t old = 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        payload = realloc(payload, sizes[i]);
        EXPECT(payload != NULL && (uintptr_t)payload % 16 == 0);
        EXPECT(malloc_usable_size(payload) >= sizes[i]);
        EXPECT(expect_filled(payload, 'r', old < sizes[i] ? old : sizes[i]));
        old = sizes[i];
        memset(payload, 'r', old);
        free(malloc(old + 1)); /* shift things */
    }
    free(payload);
}

static void a_refused_realloc_leaves_the_payload(void)
{
    static const size_t sizes[] = {PTRDIFF_MAX - 32, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1,
                                   SIZE_MAX - 16, SIZE_MAX};
    void *payload = malloc(1000);
    EXPECT(payload != NULL);
    memset(payload, 'p', 1000);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        errno = 0;
        EXPECT(realloc(payload, sizes[i]) == NULL);
        EXPECT(errno == ENOMEM);
        EXPECT(expect_filled(payload, 'p', 1000));
    }
    free(payload);
}

/* glibc takes it for free(); a program that went on using the payload would be wrong there, too. */
static void realloc_to_zero_frees(void)
{
    enum { BIG = 32 << 20, TURNS = 64 };
    for (int i = 0; i < TURNS; i++) {
        EXPECT(realloc(malloc(BIG), 0) == NULL);
        EXPECT(reallocarray(malloc(BIG), 0, 8) == NULL);
    }
    struct mallinfo2 info = mallinfo2();
    EXPECT(info.uordblks + info.hblkhd < BIG);
    void *payload = realloc(NULL, 0);
    EXPECT(payload != NULL);
    EXPECT(realloc(payload, 0) == NULL);
}

static void bad_alignments_are_refused(void)
{
    static const volatile size_t bad[] = {0,  1,  2,   4,    3,    6,        12,
                                          24, 48, 100, 4095, 4097, SIZE_MAX, SIZE_MAX - 7};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        void *out = &out;
        errno = MARK;
        EXPECT(posix_memalign(&out, bad[i], 100) == EINVAL);
        EXPECT(errno == MARK);
        EXPECT(out == &out);
    }
    for (size_t i = 4; on_libma && i < sizeof(bad) / sizeof(bad[0]); i++) {
        errno = 0; /* glibc before 2.38 rounded up */
        EXPECT(aligned_alloc(bad[i], 100) == NULL);
        EXPECT(errno == EINVAL);
    }
    errno = 0;
    EXPECT(memalign(bad[12] / 2 + 2, 100) == NULL);
    EXPECT(errno == EINVAL);
}

static void alignments_are_kept(void)
{
    for (size_t alignment = 1; alignment <= 16 << 20; alignment *= 2) {
        void *payload = memalign(alignment, 100);
        EXPECT(payload != NULL && (uintptr_t)payload % alignment == 0);
        EXPECT((uintptr_t)payload % 16 == 0);
        free(payload);
        payload = aligned_alloc(alignment, 3 * alignment);
        EXPECT(payload != NULL && (uintptr_t)payload % alignment == 0);
        EXPECT((uintptr_t)payload % 16 == 0);
        void *moved = realloc(payload, 5 * alignment); /* need not keep the alignment */
        EXPECT(moved != NULL);
        free(moved);
        void *out = NULL;
        int error = posix_memalign(&out, alignment, 1);
        EXPECT(alignment < sizeof(void *) ? error == EINVAL && out == NULL
                                          : error == 0 && (uintptr_t)out % alignment == 0);
        free(out);
    }
    EXPECT(expect_heap_check() == 0);
}

/* Such a request costs no more than one without an alignment: it gets what was freed last. */
static void small_alignments_are_had_anyway(void)
{
    for (size_t size = 100; size < 20000; size *= 3) {
        void *payload = malloc(size);
        uintptr_t freed = (uintptr_t)payload;
        free(payload);
        void *out = NULL;
        EXPECT(posix_memalign(&out, 16, size) == 0);
        EXPECT((uintptr_t)out == freed || (!on_libma && size > 1000));
        free(out);
    }
}

static void memalign_rounds_up(void)
{
    static const size_t asked[][2] = {{0, 16},  {3, 16},    {17, 32},
                                      {24, 32}, {100, 128}, {5000, 8192}};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        for (int turn = 0; turn < 10; turn++) {
            void *payload = memalign(asked[i][0], 40);
            EXPECT(payload != NULL && (uintptr_t)payload % asked[i][1] == 0);
            void *in_between = malloc((size_t)turn * 16);
            free(payload);
            free(in_between);
        }
    }
}

static void an_alignment_that_cannot_be_had_is_enomem(void)
{
    static const size_t alignments[] = {(size_t)1 << 62, (size_t)1 << 63};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        errno = 0;
        EXPECT(memalign(alignments[i], 100) == NULL);
        EXPECT(errno == ENOMEM);
        errno = 0;
        EXPECT(aligned_alloc(alignments[i], 100) == NULL);
        EXPECT(errno == ENOMEM);
        void *out = &out;
        errno = MARK;
        EXPECT(posix_memalign(&out, alignments[i], 100) == ENOMEM);
        EXPECT(out == &out);
        EXPECT(!on_libma || errno == MARK);
    }
}

static void pvalloc_rounds_up(void)
{
    static const size_t asked[][2] = {
        {1, 1}, {100, 1}, {PAGE, 1}, {PAGE + 1, 2}, {3 * PAGE - 1, 3}};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        void *payload = pvalloc(asked[i][0]);
        EXPECT(payload != NULL && malloc_usable_size(payload) >= asked[i][1] * PAGE);
        memset(payload, 1, asked[i][1] * PAGE);
        free(payload);
    }
}

/* Blocks that have grown in steps, and come from a cache, are larger than what was asked for last. */
/* What a program may make unreadable for a while is not read to tell its size. */
static void a_protected_payload_has_its_size(void)
{
    size_t size = (size_t)1 << 20;
    char *payload = aligned_alloc(PAGE, size);
    EXPECT(payload != NULL && mprotect(payload, size, PROT_NONE) == 0);
    EXPECT(malloc_usable_size(payload) >= size);
    EXPECT(realloc(payload, size) == payload);
    EXPECT(mprotect(payload, size, PROT_READ | PROT_WRITE) == 0);
    free(payload);
}

static void whatever_was_asked_for_is_the_right_size(void (*sized)(void *, size_t))
{
    enum { COUNT = 100 };
    void *payloads[COUNT] = {NULL};
    size_t sizes[COUNT] = {0};
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t k = (random >> 33) % COUNT;
        size_t size = 1 + (random >> 40) % 3000;
        if ((random >> 60) < 5) {
            sized(payloads[k], sizes[k]);
            payloads[k] = malloc(size);
        } else {
            size = (random >> 60) < 14 && sizes[k] != 0 ? sizes[k] + size / 16 : size;
            payloads[k] = realloc(payloads[k], size);
        }
        sizes[k] = size;
    }
    for (int k = 0; k < COUNT; k++) {
        sized(payloads[k], sizes[k]);
    }
}

/* Names that glibc 2.36 does not have, or no longer lets a program link to. */
static void newer_and_older_names(void)
{
    void *cfree_symbol = expect_symbol("cfree");
    void *sized_symbol = expect_symbol("free_sized");
    void *aligned_sized_symbol = expect_symbol("free_aligned_sized");
    EXPECT(cfree_symbol != NULL && sized_symbol != NULL && aligned_sized_symbol != NULL);
    if (cfree_symbol == NULL || sized_symbol == NULL || aligned_sized_symbol == NULL) {
        return;
    }
    void (*cfree_function)(void *) = (void (*)(void *))cfree_symbol;
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))sized_symbol;
    void (*aligned_sized)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))aligned_sized_symbol;
    whatever_was_asked_for_is_the_right_size(sized);
    errno = MARK;
    cfree_function(NULL);
    sized(NULL, 100);
    aligned_sized(NULL, 64, 100);
    for (size_t size = 0; size < 4000000; size = size * 2 + 1) {
        cfree_function(malloc(size));
        sized(malloc(size), size);
        sized(calloc(size, 3), 3 * size);
        if (size != 0) {
            sized(realloc(malloc(2 * size), size), size);
            sized(realloc(malloc(size), 2 * size), 2 * size);
        }
        for (size_t alignment = 1; alignment <= 2 * PAGE; alignment *= 2) {
            aligned_sized(aligned_alloc(alignment, size), alignment, size);
        }
    }
    EXPECT(errno == MARK);
    EXPECT(mallinfo2().uordblks < 1 << 20);
}

int main(int argc, char **argv)
{
    on_libma = argc < 2 || strcmp(argv[1], "glibc") != 0;
    EXPECT(on_libma == expect_has_libma());
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        int before = expect_failures;
        payloads_are_aligned_and_hold_their_size(&entries[i]);
        zero_bytes_give_unique_pointers(&entries[i]);
        what_cannot_be_had_is_enomem(&entries[i]);
        usable_size_may_be_written(&entries[i]);
        free_keeps_errno(&entries[i]);
        if (expect_failures > before) {
            dprintf(STDERR_FILENO, "  in %s\n", entries[i].name);
        }
    }
    calloc_clears();
    products_that_overflow_are_enomem();
    realloc_keeps_the_contents();
    a_refused_realloc_leaves_the_payload();
    realloc_to_zero_frees();
    bad_alignments_are_refused();
    alignments_are_kept();
    small_alignments_are_had_anyway();
    memalign_rounds_up();
    an_alignment_that_cannot_be_had_is_enomem();
    pvalloc_rounds_up();
    a_protected_payload_has_its_size();
    if (on_libma) {
        newer_and_older_names();
    }
    EXPECT(malloc_usable_size(NULL) == 0);
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
