/*
 * mallinfo2, mallinfo, malloc_info, malloc_stats, malloc_trim, mallopt.
 *
 *   introspection libma|glibc     checks the numbers
 *   introspection info            prints what malloc_info writes, for `malloc_info` to parse
 */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { COUNT = 100, SIZE = 10000, KIB = 1024, MIB = 1024 * 1024 };

static bool on_libma;

static void info_adds_up(const struct mallinfo2 *info)
{
    /* glibc has mapped blocks in hblkhd alone, libma has their bytes in uordblks or fordblks too. */
    size_t system = info->arena + (on_libma ? info->hblkhd : 0);
    EXPECT(system == info->uordblks + info->fordblks);
    EXPECT(info->keepcost <= info->fordblks);
}

static void mallinfo2_follows_the_heap(void)
{
    void *payloads[COUNT];
    free(malloc(SIZE));
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = malloc(SIZE);
    }
    struct mallinfo2 during = mallinfo2();
    for (int i = 1; i < COUNT; i += 2) {
        free(payloads[i]);
    }
    struct mallinfo2 holes = mallinfo2();
    for (int i = 0; i < COUNT; i += 2) {
        free(payloads[i]);
    }
    struct mallinfo2 after = mallinfo2();

    info_adds_up(&before);
    info_adds_up(&during);
    info_adds_up(&holes);
    info_adds_up(&after);
    EXPECT(during.uordblks - before.uordblks >= COUNT * SIZE);
    EXPECT(during.uordblks - before.uordblks <= COUNT * (SIZE + SIZE / 16 + 64));
    EXPECT(during.arena + during.hblkhd >= before.uordblks + COUNT * SIZE);
    EXPECT(during.uordblks - holes.uordblks >= COUNT / 2 * SIZE);
    /* a few may join what was free beside them */
    EXPECT(holes.ordblks >= during.ordblks + COUNT / 2 - COUNT / 8);
    EXPECT(after.uordblks == before.uordblks);
    EXPECT(after.ordblks <= before.ordblks + 1);
}

static void mallinfo_is_mallinfo2_in_ints(void)
{
    void *payload = malloc(SIZE);
    struct mallinfo2 wide = mallinfo2();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    EXPECT(narrow.arena == (int)wide.arena && narrow.ordblks == (int)wide.ordblks);
    EXPECT(narrow.hblks == (int)wide.hblks && narrow.hblkhd == (int)wide.hblkhd);
    EXPECT(narrow.uordblks == (int)wide.uordblks && narrow.fordblks == (int)wide.fordblks);
    EXPECT(narrow.keepcost == (int)wide.keepcost && narrow.uordblks > 0);
    free(payload);
}

/* keepcost is what malloc_trim() could give back: a hole below a live block is not. */
static void keepcost_is_what_trim_gives(void)
{
    void *holes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        holes[i] = malloc(100 * KIB);
    }
    void *wall = malloc(100 * KIB);
    for (int i = 0; i < COUNT; i++) {
        free(holes[i]);
    }
    malloc_trim(0);
    struct mallinfo2 info = mallinfo2();
    EXPECT(info.fordblks >= COUNT * 100 * KIB || on_libma); /* libma may have returned the hole */
    EXPECT(malloc_trim(0) == 0 || !on_libma);
    EXPECT(info.keepcost < MIB);
    free(wall);
}

static void trim_says_whether_it_gave_memory(void)
{
    malloc_trim(0);
    char *top = sbrk(0);
    void *payload =
        malloc(120 * KIB); /* below what glibc maps, and what either gives back in free() */
    EXPECT(payload != NULL);
    memset(payload, 1, 120 * KIB);
    char *grown = sbrk(0);
    EXPECT(grown > top);
    free(payload);
    EXPECT(malloc_trim((size_t)1 << 40) == 0);
    EXPECT(sbrk(0) == (void *)grown || !on_libma); /* glibc's gave the most in free() */
    EXPECT(malloc_trim(0) == 1);
    EXPECT((char *)sbrk(0) < grown);
    EXPECT(malloc_trim(0) == 0 || !on_libma); /* glibc's purges again what was purged */
    EXPECT(expect_heap_check() == 0);
}

static void tuning_is_accepted(void)
{
    static const int parameters[] = {M_TRIM_THRESHOLD, M_TOP_PAD,   M_MMAP_THRESHOLD,
                                     M_MMAP_MAX,       M_ARENA_MAX, M_PERTURB};
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        EXPECT(mallopt(parameters[i], parameters[i] == M_PERTURB ? 0 : 64 * KIB) == 1);
    }
    free(malloc(SIZE));
}

/* What malloc_stats() writes to stderr. It may write by descriptor or by stream. */
static void read_stats(char *out, size_t room)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    EXPECT(file != NULL && saved >= 0);
    dup2(fileno(file), STDERR_FILENO);
    malloc_stats();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t got = pread(fileno(file), out, room - 1, 0);
    out[got > 0 ? got : 0] = '\0';
    fclose(file);
}

/* The number behind `label` in `text`, after the line `section`. */
static long stat_of(const char *text, const char *section, const char *label)
{
    const char *at = strstr(text, section);
    at = at != NULL ? strstr(at, label) : NULL;
    EXPECT(at != NULL);
    if (at == NULL) {
        dprintf(STDERR_FILENO, "malloc_stats: no '%s' after '%s' in:\n%s", label, section, text);
        return -1;
    }
    const char *number = at + strlen(label);
    EXPECT(strncmp(number, " = ", 3) == 0);
    return strtol(number + 3, NULL, 10);
}

static void malloc_stats_reads_like_glibcs(void)
{
    static char before[10000];
    static char during[10000];
    read_stats(before, sizeof(before));
    void *payload = malloc(COUNT * KIB);
    read_stats(during, sizeof(during));
    free(payload);

    static const char *sections[] = {"Arena 0:\n", "Total (incl. mmap):\n"};
    for (int i = 0; i < 2; i++) {
        long system = stat_of(during, sections[i], "system bytes    ");
        long used = stat_of(during, sections[i], "in use bytes    ");
        EXPECT(system >= used && used >= COUNT * KIB);
        EXPECT(used - stat_of(before, sections[i], "in use bytes    ") >= COUNT * KIB);
    }
    EXPECT(stat_of(during, sections[1], "max mmap regions") >= 0);
    EXPECT(stat_of(during, sections[1], "max mmap bytes  ") >= 0);
}

static void *tell_when_cancelled(void *context)
{
    pthread_cancel(pthread_self());
    malloc_stats();
    return context;
}

/* A thread that is to be cancelled tells all the same. */
static void malloc_stats_is_no_cancellation_point(void)
{
    static char is_told;
    pthread_t thread;
    void *result = NULL;
    int saved = dup(STDERR_FILENO);
    FILE *nowhere = fopen("/dev/null", "w");
    dup2(fileno(nowhere), STDERR_FILENO);
    EXPECT(pthread_create(&thread, NULL, tell_when_cancelled, &is_told) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == &is_told);
    dup2(saved, STDERR_FILENO);
    close(saved);
    fclose(nowhere);
}

static void malloc_info_refuses_options(void)
{
    char text[16] = "";
    FILE *stream = fmemopen(text, sizeof(text), "w");
    EXPECT(malloc_info(1, stream) != 0);
    fclose(stream);
    EXPECT(text[0] == '\0');
}

/* The stream may allocate as it is written to. */
static int print_info(void)
{
    char *text = NULL;
    size_t length = 0;
    void *payloads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = malloc(SIZE);
    }
    for (int i = 0; i < COUNT; i += 2) {
        free(payloads[i]);
    }
    FILE *stream = open_memstream(&text, &length);
    EXPECT(malloc_info(0, stream) == 0);
    fclose(stream);
    EXPECT(length > 0 && fwrite(text, 1, length, stdout) == length);
    return expect_status();
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "info") == 0) {
        return print_info();
    }
    on_libma = argc < 2 || strcmp(argv[1], "glibc") != 0;
    EXPECT(on_libma == expect_has_libma());
    mallinfo2_follows_the_heap();
    mallinfo_is_mallinfo2_in_ints();
    trim_says_whether_it_gave_memory();
    keepcost_is_what_trim_gives();
    malloc_stats_reads_like_glibcs();
    malloc_stats_is_no_cancellation_point();
    malloc_info_refuses_options();
    tuning_is_accepted();
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
