/*
 * Threads grow large payloads, which cannot grow where they are, and a child does so, too. Each holds what it
 * held; and the process comes to have a bounded number of mappings, far below what the system allows.
 */
#include "common.h"

enum { THREADS = 3, PAYLOADS = 6, TURNS = 150, MAPPINGS_MAX = 10000 };

#define SIZE_LIMIT ((size_t)3 << 20)

static void grow(struct stamped **payloads, uint64_t *random)
{
    for (int turn = 0; turn < TURNS; turn++) {
        struct stamped **payload = &payloads[random_below(random, PAYLOADS)];
        size_t size = (*payload)->size + (*payload)->size / 4 + random_below(random, 10000);
        if (size > SIZE_LIMIT) {
            free_stamped(*payload);
            *payload = new_stamped(200000, (unsigned char)turn);
        } else {
            *payload = resize_stamped(*payload, size);
        }
        free_stamped(new_stamped(random_size(random), 1));
    }
}

static void *run(void *context)
{
    uint64_t random = (uintptr_t)context + 1;
    struct stamped *payloads[PAYLOADS];
    for (int i = 0; i < PAYLOADS; i++) {
        payloads[i] = new_stamped(200000, (unsigned char)i);
    }
    grow(payloads, &random);
    pid_t child = fork();
    if (child == 0) {
        child_begins();
    }
    grow(payloads, &random);
    free_table(payloads, PAYLOADS);
    if (child == 0) {
        check_heap("in the child");
        _exit(0);
    }
    await_child(child);
    return NULL;
}

static int mappings(void)
{
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    require(maps != NULL, "there is a list of mappings");
    for (int c = getc(maps); c != EOF; c = getc(maps)) {
        count += c == '\n';
    }
    fclose(maps);
    return count;
}

int main(void)
{
    be_impatient();
    require_library();
    run_at_once(run, THREADS, 0);
    check_heap("after the threads");
    require(mappings() < MAPPINGS_MAX, "mappings are bounded");
    return 0;
}
