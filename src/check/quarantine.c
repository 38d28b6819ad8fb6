/*
 * The queue of released blocks.
 */
#include "check/quarantine.h"

#include "base/options.h"
#include "check/gate.h"
#include "os/os.h"

#include <stdint.h>

/* Blocks at most. A power of two. */
enum { ROOM = 1 << 16 };

struct entry {
    struct checked *block;
    size_t size;
};

static struct {
    struct gate gate; /* who cannot enter has its block used again at once */
    /* By who has entered: */
    struct entry *entries; /* NULL: there is no room */
    size_t first;          /* the oldest; they are counted on, beyond ROOM */
    size_t end;            /* behind the newest */
    size_t bytes;
} queue;

void quarantine_start(void)
{
    size_t size = ROOM * sizeof(struct entry);
    char *memory = os_reserve(size);
    if (memory != NULL && os_commit(memory, size)) {
        queue.entries = (struct entry *)memory;
    }
}

static struct checked *pop(void)
{
    if (queue.first == queue.end) {
        return NULL;
    }
    struct entry oldest = queue.entries[queue.first % ROOM];
    queue.first++;
    queue.bytes -= oldest.size;
    return oldest.block;
}

static void push(struct checked *c, size_t size)
{
    queue.entries[queue.end % ROOM] = (struct entry){c, size};
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a fork may stop this thread here */
    queue.end++;
    queue.bytes += size;
}

static struct checked *pop_surplus(void)
{
    return queue.bytes > options.quarantine || queue.end - queue.first == ROOM ? pop() : NULL;
}

/* What is given to the caller. */
static struct checked *looked_at(struct checked *c)
{
    if (c != NULL) {
        checked_require_untouched(c);
    }
    return c;
}

struct checked *quarantine_put(struct checked *c, size_t size)
{
    if (queue.entries == NULL || size > options.quarantine || !gate_enter(&queue.gate)) {
        return c;
    }
    push(c, size);
    struct checked *old = pop_surplus();
    gate_leave(&queue.gate);
    return looked_at(old);
}

/* What `choose` takes out. */
static struct checked *take(struct checked *(*choose)(void))
{
    if (queue.entries == NULL || !gate_enter(&queue.gate)) {
        return NULL;
    }
    struct checked *old = choose();
    gate_leave(&queue.gate);
    return looked_at(old);
}

struct checked *quarantine_take_surplus(void)
{
    return take(pop_surplus);
}

struct checked *quarantine_take(void)
{
    return take(pop);
}

void quarantine_check(void)
{
    if (queue.entries == NULL || !gate_enter(&queue.gate)) {
        return;
    }
    for (size_t i = queue.first; i != queue.end; i++) {
        checked_require_untouched(queue.entries[i % ROOM].block);
    }
    gate_leave(&queue.gate);
}

/* Each of the two ends is moved by one store, so that only the sum may be wrong. What the thread had in hand stays for good. */
void quarantine_after_fork(void)
{
    if (!gate_after_fork(&queue.gate)) {
        return;
    }
    queue.bytes = 0;
    for (size_t i = queue.first; i != queue.end; i++) {
        queue.bytes += queue.entries[i % ROOM].size;
    }
}
