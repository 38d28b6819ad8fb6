/*
 * Memory runs out: NULL and ENOMEM each time, nothing is damaged, and what is freed can be had again.
 *
 *   limits as|data|falling|falling-as|start-as|start-data
 */
#include "limits.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { MIB = 1 << 20, STACK = 256 << 10 };

/* Payloads in a list, in their own first words. */
struct link {
    struct link *next;
    size_t size;
};

static struct link *links;
static size_t link_count;

static void fill(void)
{
    static const size_t sizes[] = {MIB, 100000, 30000, 4000, 500, 40, 16};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        errno = 0;
        struct link *link;
        while ((link = malloc(sizes[i])) != NULL) {
            memset(link, (int)i + 1, sizes[i]);
            *link = (struct link){links, sizes[i]};
            links = link;
            link_count++;
            errno = 0;
        }
        EXPECT(errno == ENOMEM);
    }
}

static void release_every(size_t stride)
{
    struct link **at = &links;
    for (size_t i = 0; *at != NULL; i++) {
        if (i % stride == 0) {
            struct link *link = *at;
            *at = link->next;
            free(link);
            link_count--;
        } else {
            at = &(*at)->next;
        }
    }
}

/* A request that cannot be met in any form leaves everything as it is. */
static void every_entry_is_refused(size_t size)
{
    for (int turn = 0; turn < 3; turn++) {
        errno = 0;
        EXPECT(malloc(size) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(calloc(size / 8, 8) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(realloc(NULL, size) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(aligned_alloc(4096, size) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(memalign(64, size) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(valloc(size) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(pvalloc(size) == NULL && errno == ENOMEM);
        void *out = &out;
        EXPECT(posix_memalign(&out, 1 << 20, size) == ENOMEM && out == &out);
        errno = 0;
        struct link before = *links;
        EXPECT(realloc(links, size) == NULL && errno == ENOMEM);
        EXPECT(before.next == links->next && before.size == links->size);
        errno = 0;
        EXPECT(reallocarray(links, size, 2) == NULL && errno == ENOMEM);
    }
}

static void run_out_and_recover(void)
{
    for (int turn = 0; turn < 3; turn++) {
        fill();
        EXPECT(link_count > 20);
        every_entry_is_refused(64 * MIB);
        EXPECT(expect_heap_check() == 0);
        size_t full = link_count;
        release_every(2);
        EXPECT(expect_heap_check() == 0);
        fill(); /* into the holes */
        EXPECT(link_count > full / 2);
        EXPECT(expect_heap_check() == 0);
        release_every(1);
        EXPECT(links == NULL && expect_heap_check() == 0);
        void *payload = malloc(16 * MIB); /* the holes were merged */
        EXPECT(payload != NULL);
        payload = realloc(payload, 20 * MIB);
        EXPECT(payload != NULL);
        free(payload);
    }
}

/* The limit is gone, and its traces with it. */
static void lifted(void)
{
    void *payload = malloc(100 * MIB);
    EXPECT(payload != NULL);
    free(payload);
}

static void address_space_runs_out(void)
{
    limits_spare_address_space(24 * MIB);
    run_out_and_recover();
    limits_lift(RLIMIT_AS);
    lifted();
}

static void data_runs_out(void)
{
    limits_set(RLIMIT_DATA, 24 * MIB);
    run_out_and_recover();
    limits_lift(RLIMIT_DATA);
    lifted();
}

/* The limit falls below what the program has: what it has goes on working. */
static void data_limit_falls(void)
{
    enum { COUNT = 2000 };
    static void *payloads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        payloads[i] = malloc((size_t)i * 7);
        memset(payloads[i], i, (size_t)i * 7);
    }
    /* Linux takes 0 for "no break", and goes on mapping: whatever comes of it, it is to be usable. */
    limits_set(RLIMIT_DATA, 0);
    for (size_t size = 1; size < 10 * MIB; size *= 2) {
        errno = 0;
        void *payload = malloc(size);
        EXPECT(payload != NULL || errno == ENOMEM);
        memset(payload, 1, payload != NULL ? size : 0);
        free(payload);
    }
    EXPECT(expect_heap_check() == 0);
    limits_set(RLIMIT_DATA, 1);
    fill();
    errno = 0;
    EXPECT(malloc(10 * MIB) == NULL && errno == ENOMEM);
    EXPECT(calloc(10, MIB) == NULL);
    EXPECT(expect_heap_check() == 0);
    release_every(1);
    for (int i = 0; i < COUNT; i++) {
        EXPECT(expect_filled(payloads[i], i, (size_t)i * 7));
        free(payloads[i]);
    }
    EXPECT(expect_heap_check() == 0);
    void *payload = malloc(1000);
    EXPECT(payload != NULL); /* from what was freed */
    limits_lift(RLIMIT_DATA);
    void *large = malloc(10 * MIB);
    EXPECT(large != NULL);
    free(large);
    free(payload);
    malloc_trim(0);
    EXPECT(expect_heap_check() == 0);
}

static __attribute__((noinline)) void touch_stack(void)
{
    volatile char stack[STACK];
    for (size_t i = 0; i < sizeof(stack); i += 1000) {
        stack[i] = 1;
    }
}

/* The first allocations of a process that has `spare` bytes; gives its exit status. */
static int start_with(__rlimit_resource_t resource, size_t spare)
{
    if (resource == RLIMIT_AS) {
        limits_spare_address_space(spare);
    } else {
        limits_set(resource, 1 + spare); /* Linux takes 0 for "no break" */
    }
    void *payload = NULL;
    for (int i = 0; i < 3 && payload == NULL; i++) {
        errno = 0;
        payload = malloc(100);
        EXPECT(payload != NULL || errno == ENOMEM);
        errno = 0;
        EXPECT(malloc(64 * MIB) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(realloc(NULL, 64 * MIB) == NULL && errno == ENOMEM);
        free(NULL);
        EXPECT(malloc_usable_size(NULL) == 0);
        EXPECT(expect_heap_check() == 0);
        malloc_trim(0);
    }
    if (payload != NULL) {
        memset(payload, 1, 100);
    }
    EXPECT(payload != NULL || spare < MIB);
    limits_lift(resource);
    void *late = malloc(100000); /* where the start was refused, it is tried again */
    EXPECT(late != NULL);
    free(late);
    free(payload);
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}

/* Each in a child, for which all is the first time. */
static void little_is_left_at_the_start(__rlimit_resource_t resource)
{
    for (size_t spare = 0; spare <= 2 * MIB; spare += spare < 512 << 10 ? 4096 : 128 << 10) {
        pid_t child = fork();
        if (child == 0) {
            touch_stack();
            _exit(start_with(resource, spare));
        }
        int status = -1;
        EXPECT(child > 0 && waitpid(child, &status, 0) == child);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (status != 0) {
            dprintf(STDERR_FILENO, "  with %zu bytes to spare: status %#x\n", spare,
                    (unsigned)status);
            return;
        }
    }
}

static void *end_at_once(void *context)
{
    return context;
}

/* A limit far below what the heap reserves for its tables: there is room for stacks, mappings and payloads. */
static void use_lowered_space(void)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, end_at_once, NULL) == 0);
    pthread_join(thread, NULL);
    void *mapping = mmap(NULL, 64 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(mapping != MAP_FAILED);
    munmap(mapping, 64 * MIB);
    void *payload = malloc(64 * MIB);
    EXPECT(payload != NULL);
    memset(payload, 1, 64 * MIB);
    free(payload);
    errno = 0;
    EXPECT(malloc(300 * MIB) == NULL && errno == ENOMEM);
}

/* A child that limits only itself: the heap is its parent's. */
static void limit_borrower(void)
{
    pid_t child = vfork();
    if (child == 0) {
        struct rlimit low = {200 * MIB, 200 * MIB};
        _exit(setrlimit(RLIMIT_AS, &low));
    }
    EXPECT(child > 0 && waitpid(child, NULL, 0) == child);
    EXPECT(expect_address_space() > (size_t)1 << 30);
}

static void address_space_limit_falls(void)
{
    const struct rlimit *volatile none = NULL;
    EXPECT(setrlimit(RLIMIT_AS, none) == 0);
    limit_borrower();
    pid_t child = fork();
    if (child == 0) {
        limit_borrower(); /* nobody has asked in this process yet */
        const struct rlimit low = {200 * MIB, 200 * MIB};
        EXPECT(prlimit(getpid(), RLIMIT_AS, &low, NULL) == 0);
        use_lowered_space();
        _exit(expect_status());
    }
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);

    limits_set(RLIMIT_AS, 200 * MIB);
    use_lowered_space();
    limits_lift(RLIMIT_AS);
    void *payload = malloc(300 * MIB);
    EXPECT(payload != NULL);
    free(payload);
}

int main(int argc, char **argv)
{
    const char *subject = argc > 1 ? argv[1] : "";
    expect_libma();
    touch_stack();
    if (strcmp(subject, "as") == 0) {
        address_space_runs_out();
    } else if (strcmp(subject, "data") == 0) {
        data_runs_out();
    } else if (strcmp(subject, "falling") == 0) {
        data_limit_falls();
    } else if (strcmp(subject, "falling-as") == 0) {
        address_space_limit_falls();
    } else if (strcmp(subject, "start-as") == 0) {
        little_is_left_at_the_start(RLIMIT_AS);
    } else if (strcmp(subject, "start-data") == 0) {
        little_is_left_at_the_start(RLIMIT_DATA);
    } else {
        return 2;
    }
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
