/*
 * The table of call sites.
 */
#include "check/sites.h"

#include "base/report.h"
#include "check/stack.h"
#include "os/os.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Sites; a power of two. */
enum { ROOM = 1 << 14 };

/* How many are looked at for one stack; how many are printed. */
enum { LOOK_COUNT = 64, REPORT_COUNT = 20 };

struct site {
    uint64_t hash; /* atomic; 0: the site is free. */
    bool is_known; /* atomic; the stack is there */
    struct stack stack;
    size_t bytes; /* atomic; of live blocks */
    size_t count; /* atomic */
};

static struct site *sites; /* NULL: there is no room */

void sites_start(void)
{
    size_t size = ROOM * sizeof(struct site);
    char *memory = os_reserve(size);
    if (memory != NULL && os_commit(memory, size)) {
        sites = (struct site *)memory;
    }
}

static uint64_t hash_of(const struct stack *stack)
{
    uint64_t hash = 1;
    for (int i = 0; i < STACK_DEPTH; i++) {
        hash = (hash ^ (uintptr_t)stack->frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash | 1;
}

/* Whether the site is that of the stack now. */
static bool claim(struct site *site, uint64_t hash, const struct stack *stack)
{
    uint64_t found = 0;
    if (!__atomic_compare_exchange_n(&site->hash, &found, hash, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        return found == hash;
    }
    site->stack = *stack;
    __atomic_store_n(&site->is_known, true, __ATOMIC_RELEASE);
    return true;
}

static struct site *find(const struct stack *stack)
{
    uint64_t hash = hash_of(stack);
    for (size_t i = 0; i < LOOK_COUNT; i++) {
        size_t number = (hash + i) % ROOM;
        if (number != 0 && claim(&sites[number], hash, stack)) {
            return &sites[number];
        }
    }
    return &sites[0];
}

uint32_t sites_add(size_t size)
{
    if (sites == NULL || !stack_has_started()) {
        return SITES_NONE;
    }
    struct stack stack = stack_capture();
    struct site *site = find(&stack);
    __atomic_fetch_add(&site->bytes, size, __ATOMIC_RELAXED);
    __atomic_fetch_add(&site->count, 1, __ATOMIC_RELAXED);
    return (uint32_t)(site - sites);
}

void sites_remove(uint32_t site, size_t size)
{
    if (site != SITES_NONE) {
        __atomic_fetch_sub(&sites[site].bytes, size, __ATOMIC_RELAXED);
        __atomic_fetch_sub(&sites[site].count, 1, __ATOMIC_RELAXED);
    }
}

/* The site with the most bytes of those with fewer than `bytes`, or with as many behind number `after`; NULL: none. */
static const struct site *next_largest(size_t bytes, size_t after)
{
    const struct site *best = NULL;
    for (size_t i = 0; i < ROOM; i++) {
        const struct site *site = &sites[i];
        bool is_next = site->bytes < bytes || (site->bytes == bytes && i > after);
        if (site->count > 0 && is_next && (best == NULL || site->bytes > best->bytes)) {
            best = site;
        }
    }
    return best;
}

void sites_report(int fd)
{
    if (sites == NULL) {
        return;
    }
    size_t bytes = 0;
    size_t count = 0;
    for (size_t i = 0; i < ROOM; i++) {
        bytes += sites[i].bytes;
        count += sites[i].count;
    }
    report_to(fd, "leaks: %zu bytes in %zu blocks are live at the exit of process %d, %s", bytes,
              count, (int)getpid(), program_invocation_short_name);
    const struct site *site = next_largest(SIZE_MAX, ROOM);
    for (int i = 0; i < REPORT_COUNT && site != NULL; i++) {
        report_to(fd, "leak: %zu bytes in %zu blocks, allocated at", site->bytes, site->count);
        if (__atomic_load_n(&site->is_known, __ATOMIC_ACQUIRE)) {
            stack_report(fd, &site->stack);
        }
        bytes -= site->bytes;
        count -= site->count;
        site = next_largest(site->bytes, (size_t)(site - sites));
    }
    if (site != NULL) {
        report_to(fd, "leak: %zu bytes in %zu blocks, allocated elsewhere", bytes, count);
    }
}
