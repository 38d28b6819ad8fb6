/*
 * Payloads that libc allocated by itself, and payloads of ours that libc hands out.
 *
 * glibc's own malloc, found in glibc itself, is somebody else's, as a program's bundled allocator is, or memory from before the preload.
 */
#include "expect.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <wchar.h>

enum { MARK = 4321 };

/* Small, large, and (in glibc) mapped. */
static const size_t sizes[] = {0, 1, 24, 100, 1000, 5000, 100000, 300000, 5000000};

/* Filled with `value`. */
static void *foreign(size_t size, int value)
{
    void *payload = expect_libc_malloc(size);
    EXPECT(payload != NULL && !expect_owned(payload));
    memset(payload, value, size);
    return payload;
}

static void foreign_payloads_can_be_freed(void)
{
    void *(*memalign_of_libc)(size_t, size_t) = (void *(*)(size_t, size_t))expect_libc("memalign");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *payload = foreign(sizes[i], 1);
        EXPECT(malloc_usable_size(payload) >= sizes[i]);
        EXPECT(malloc_usable_size(payload) <= sizes[i] + 8192);
        errno = MARK;
        free(payload);
        EXPECT(errno == MARK);
        free(memalign_of_libc(256, sizes[i]));
    }
}

/* What was freed comes back: nothing was dropped on the floor. */
static void foreign_memory_is_used_again(void)
{
    enum { TURNS = 200, SIZE = 50000000 };
    size_t before = expect_address_space();
    for (int i = 0; i < TURNS; i++) {
        void *payload = expect_libc_malloc(SIZE);
        EXPECT(payload != NULL);
        free(payload);
    }
    EXPECT(expect_address_space() < before + 2 * (size_t)SIZE);
}

static void foreign_payloads_can_be_resized(void)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 1; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            char *payload = realloc(foreign(sizes[i], 'f'), sizes[j]);
            EXPECT(payload != NULL);
            EXPECT(expect_filled(payload, 'f', sizes[i] < sizes[j] ? sizes[i] : sizes[j]));
            memset(payload, 1, sizes[j]);
            free(payload);
        }
        EXPECT(realloc(foreign(sizes[i], 1), 0) == NULL);
    }
    void *payload = foreign(100, 'p');
    errno = 0;
    EXPECT(realloc(payload, SIZE_MAX - 100) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(reallocarray(payload, SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    EXPECT(expect_filled(payload, 'p', 100));
    payload = reallocarray(payload, 100, 100);
    EXPECT(payload != NULL && expect_filled(payload, 'p', 100));
    free(payload);
}

static void *free_it(void *payload)
{
    free(payload);
    return NULL;
}

/* Mapped, perhaps right above the thread's stack: it is not taken for a part of that. */
static void a_thread_may_free_what_lies_close_to_its_stack(void)
{
    for (int i = 0; i < 20; i++) {
        pthread_attr_t attributes;
        pthread_t thread;
        void *payload = foreign(300000, 1);
        EXPECT(pthread_attr_init(&attributes) == 0);
        EXPECT(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
        EXPECT(pthread_create(&thread, &attributes, free_it, payload) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
}

static void another_thread_may_free(void)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, free_it, foreign(1000, 1)) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

/* Frees what libc allocated for the program, which must have come from libma. */
static void free_libcs(void *payload)
{
    EXPECT(payload != NULL && expect_owned(payload));
    free(payload);
}

static void what_libc_hands_out_is_ours(void)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    EXPECT(file != NULL && getline(&text, &room, file) > 0);
    free_libcs(text);
    text = NULL;
    room = 0;
    EXPECT(getdelim(&text, &room, ' ', file) > 0);
    text = realloc(text, room + 1000);
    free_libcs(text);
    fclose(file);

    free_libcs(strdup("text"));
    free_libcs(strndup("text", 2));
    free_libcs(wcsdup(L"text"));
    EXPECT(asprintf(&text, "%d and %s", 1, "more") > 0);
    free_libcs(text);
    free_libcs(getcwd(NULL, 0));
    free_libcs(realpath("/proc/../proc", NULL));

    FILE *stream = open_memstream(&text, &room);
    EXPECT(stream != NULL && fprintf(stream, "%10000d", 1) == 10000);
    fclose(stream);
    EXPECT(room == 10000);
    free_libcs(text);

    struct dirent **entries = NULL;
    int count = scandir("/proc/self", &entries, NULL, alphasort);
    EXPECT(count > 2);
    for (int i = 0; i < count; i++) {
        free_libcs(entries[i]);
    }
    free_libcs(entries);

    EXPECT(sscanf("word", "%ms", &text) == 1);
    free_libcs(text);
    EXPECT(setenv("TESTS_INTERPOSE", "a value", 1) == 0 && unsetenv("TESTS_INTERPOSE") == 0);
}

int main(void)
{
    expect_libma();
    foreign_payloads_can_be_freed();
    foreign_memory_is_used_again();
    foreign_payloads_can_be_resized();
    another_thread_may_free();
    a_thread_may_free_what_lies_close_to_its_stack();
    what_libc_hands_out_is_ours();
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
