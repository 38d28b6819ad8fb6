/*
 * The samples' pages, and what is known of each.
 */
#include "check/sample.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/options.h"
#include "base/report.h"
#include "check/gate.h"
#include "check/pattern.h"
#include "check/sites.h"
#include "check/stack.h"
#include "core/space.h"
#include "os/os.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Samples at a time. */
enum { SLOT_COUNT = 256 };

/* How many allocations take a fast path where there is one, on average, for one that does not: a page of objects is carved at a time. */
enum { SLOW_WEIGHT = 32 };

struct slot {
    char *payload; /* NULL: never used */
    size_t size;
    bool is_live;
    uint32_t site; /* with leaks=1 */
    struct stack allocated;
    struct stack freed;
};

static char *pages; /* guard, slot 0, guard, slot 1, ..., guard; NULL: there are none */
static struct gate gate;
/* By who has entered: */
static struct slot slots[SLOT_COUNT];
static size_t next_slot;

static _Thread_local uint64_t random_state;
static _Thread_local size_t countdown;

void sample_start(void)
{
    pages = os_reserve((2 * SLOT_COUNT + 1) * space_map.page_size);
}

/* A slot that was just being taken is free still, or stays for good. */
void sample_after_fork(void)
{
    gate_after_fork(&gate);
}

/* On average one in options.guard_sample. */
bool sample_is_due_now(void)
{
    if (pages == NULL) {
        return false;
    }
    size_t weight = options.front == 0 || options.is_slow ? 1 : SLOW_WEIGHT;
    if (countdown > weight) {
        countdown -= weight;
        return false;
    }
    if (random_state == 0) {
        random_state = os_entropy(OS_ENTROPY_SAMPLES) ^ (uintptr_t)&random_state;
    }
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    bool is_first = countdown == 0;
    countdown = 1 + (size_t)(random_state >> 33) % (2 * options.guard_sample);
    return !is_first;
}

static char *page_of(size_t number)
{
    return pages + (2 * number + 1) * space_map.page_size;
}

bool sample_owns(const void *address)
{
    return pages != NULL &&
           (uintptr_t)address - (uintptr_t)pages < (2 * SLOT_COUNT + 1) * space_map.page_size;
}

/* The slot that has been free for longest; SLOT_COUNT if there is none. */
static size_t take_slot(void)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        size_t number = (next_slot + i) % SLOT_COUNT;
        if (!slots[number].is_live) {
            next_slot = number + 1;
            return number;
        }
    }
    return SLOT_COUNT;
}

/* Most lie against the guard page behind, as more writes go wrong there; some against the one before. */
static char *place(char *page, size_t alignment, size_t size)
{
    bool is_low = (random_state >> 40) % 4 == 0;
    return is_low ? page : bits_align_down(page + space_map.page_size - size, alignment);
}

void *sample_alloc(size_t alignment, size_t size)
{
    if (alignment > space_map.page_size || size > space_map.page_size) {
        return NULL;
    }
    struct stack stack = stack_capture();
    if (!gate_enter(&gate)) {
        return NULL;
    }
    size_t number = take_slot();
    if (number == SLOT_COUNT || !os_commit(page_of(number), space_map.page_size)) {
        gate_leave(&gate);
        return NULL;
    }
    char *page = page_of(number);
    char *payload = place(page, alignment, size);
    memset(page, REDZONE_BYTE, space_map.page_size);
    memset(payload, 0, size);
    slots[number] = (struct slot){.payload = payload,
                                  .size = size,
                                  .is_live = true,
                                  .site = options.leaks != 0 ? sites_add(size) : 0,
                                  .allocated = stack};
    gate_leave(&gate);
    return payload;
}

/* How likely it is that a program has to do with a slot: not, if it was never used; more than with others, if it is live. */
static int weight_of(size_t number)
{
    return number < SLOT_COUNT && slots[number].payload != NULL ? 1 + slots[number].is_live : 0;
}

/* The slot that an address belongs to: the one whose page has it, if that was ever used. Else this or the one before: the likelier one, or
 * that of the page that it is nearer to. */
static struct slot *slot_of(const void *address)
{
    size_t offset = (size_t)((const char *)address - pages);
    size_t page = offset / space_map.page_size;
    size_t number = page / 2;
    if (number > 0 && (page % 2 == 0 || weight_of(number) == 0)) {
        int lead = weight_of(number) - weight_of(number - 1);
        bool is_nearer = offset % space_map.page_size >= space_map.page_size / 2;
        number -= lead < 0 || (lead == 0 && !is_nearer);
    }
    return &slots[number < SLOT_COUNT ? number : SLOT_COUNT - 1];
}

static void tell_stacks(const struct slot *slot)
{
    report_line("  allocated at");
    stack_report(STDERR_FILENO, &slot->allocated);
    if (!slot->is_live) {
        report_line("  freed at");
        stack_report(STDERR_FILENO, &slot->freed);
    }
}

static const struct slot *require_live(const void *payload, const char *caller)
{
    const struct slot *slot = slot_of(payload);
    if (slot->payload == payload && !slot->is_live) {
        report_line("sample of %zu bytes at %p", slot->size, payload);
        tell_stacks(slot);
        report_fatal("%s(%p): double free: the block of %zu bytes is free already", caller, payload,
                     slot->size);
    }
    MA_CHECK(slot->payload == payload, "%s(%p): no block begins there", caller, payload);
    return slot;
}

/* The rest of its page holds a pattern; else abort with a report naming `caller`. */
static void require_alone(const struct slot *slot, const char *page, const char *caller)
{
    size_t before = (size_t)(slot->payload - page);
    size_t behind = space_map.page_size - before - slot->size;
    bool has_front = pattern_end(page, before, REDZONE_BYTE) == before;
    if (!has_front || pattern_end(slot->payload + slot->size, behind, REDZONE_BYTE) != behind) {
        tell_stacks(slot);
        report_fatal("%s(%p): write %s of the block of %zu bytes", caller, (void *)slot->payload,
                     has_front ? "past the end" : "before the begin", slot->size);
    }
}

void sample_free(void *payload, const char *caller)
{
    struct slot *slot = &slots[require_live(payload, caller) - slots];
    char *page = page_of((size_t)(slot - slots));
    require_alone(slot, page, caller);
    if (options.leaks != 0) {
        sites_remove(slot->site, slot->size);
    }
    slot->freed = stack_capture();
    os_withdraw(page, space_map.page_size);
    __atomic_store_n(&slot->is_live, false, __ATOMIC_RELEASE);
}

size_t sample_usable_size(const void *payload, const char *caller)
{
    const struct slot *slot = require_live(payload, caller);
    require_alone(slot, page_of((size_t)(slot - slots)), caller);
    return slot->size;
}

void sample_add_stats(struct ma_stats *stats)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (__atomic_load_n(&slots[i].is_live, __ATOMIC_ACQUIRE)) {
            stats->live_count++;
            stats->live_bytes += slots[i].size;
            stats->peak_live_bytes += slots[i].size;
            stats->overhead_bytes += space_map.page_size - slots[i].size;
            stats->mmap_bytes += space_map.page_size;
            stats->mmap_count++;
            stats->segment_count++;
            stats->peak_heap_bytes += space_map.page_size;
            stats->peak_mmap_bytes += space_map.page_size;
            stats->peak_mmap_count++;
        }
    }
}

int sample_walk(int (*visit)(const struct ma_block *block, void *context), void *context)
{
    int result = 0;
    for (size_t i = 0; i < SLOT_COUNT && result == 0; i++) {
        if (__atomic_load_n(&slots[i].is_live, __ATOMIC_ACQUIRE)) {
            struct ma_block seen = {slots[i].payload, space_map.page_size, slots[i].size, 1};
            result = visit(&seen, context);
        }
    }
    return result;
}

bool sample_explain(const void *address)
{
    if (!sample_owns(address)) {
        return false;
    }
    const struct slot *slot = slot_of(address);
    const char *at = address;
    if (slot->payload == NULL) {
        return false;
    }
    if (at < slot->payload) {
        report_line("access before a block: to %p, %zu bytes before the block of %zu bytes at %p",
                    address, (size_t)(slot->payload - at), slot->size, (void *)slot->payload);
    } else if (at >= slot->payload + slot->size) {
        report_line("access past the end of a block: to %p, %zu bytes behind the block of %zu "
                    "bytes at %p",
                    address, (size_t)(at - slot->payload) - slot->size, slot->size,
                    (void *)slot->payload);
    } else {
        report_line("access after free: to %p, byte %zu of the block of %zu bytes at %p", address,
                    (size_t)(at - slot->payload), slot->size, (void *)slot->payload);
    }
    tell_stacks(slot);
    return true;
}
