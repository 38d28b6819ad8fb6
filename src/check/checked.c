/*
 * Making, checking and releasing checked blocks.
 */
#include "check/checked.h"

#include "base/bits.h"
#include "base/report.h"
#include "check/pattern.h"
#include "core/cores.h"
#include "core/mem_block.h"
#include "os/os.h"

#include <string.h>

/* Where a payload is, for who looks for it: behind its guard page, and at the begin of the core's payload where that leaves
 * room. */
struct pointer {
    void *payload;
    uintptr_t mark;
};

static uint64_t seal_of(const struct checked *c)
{
    const uint64_t factor = UINT64_C(0xd6e8feb86659fd93);
    uint64_t rest = (uint64_t)c->site << 32 | (uint64_t)c->family << 24 |
                    (uint64_t)c->has_guard << 16 | c->state;
    uint64_t hash = (mb_key ^ (uintptr_t)c) * factor;
    hash = ((hash ^ hash >> 32) + c->size) * factor;
    hash = ((hash ^ hash >> 32) + c->lead) * factor;
    hash = ((hash ^ hash >> 32) + rest) * factor;
    return hash ^ hash >> 32;
}

static void set_pointer(struct pointer *p, void *payload)
{
    p->payload = payload;
    p->mark = ~(uintptr_t)p ^ (uintptr_t)mb_key;
}

static bool is_pointer(const struct pointer *p)
{
    return p->mark == (~(uintptr_t)p ^ (uintptr_t)mb_key);
}

bool checked_room(size_t alignment, size_t size, bool guard, size_t *room)
{
    size_t fixed = sizeof(struct checked) + 1;
    fixed += guard ? 2 * space_map.page_size + sizeof(struct pointer) : 0;
    fixed += alignment > MA_ALIGNMENT || guard ? alignment : 0;
    return !__builtin_add_overflow(size, fixed, room) && *room <= PTRDIFF_MAX;
}

/* Where the core's block ends. */
static char *block_end(const void *base)
{
    return (char *)base + mb_usable(mb_of_payload(base));
}

static char *guard_page(const void *base)
{
    char *trailer = bits_align_down(block_end(base) - sizeof(struct pointer), space_map.page_size);
    return trailer - space_map.page_size;
}

/* Where the redzone ends. */
static char *end_of(const struct checked *c)
{
    const void *base = checked_base(c);
    return c->has_guard ? guard_page(base) : block_end(base);
}

static size_t redzone_size(const struct checked *c)
{
    return (size_t)(end_of(c) - (char *)checked_payload(c)) - c->size;
}

/* Whether the core's payload begins before the header, with room for a pointer. */
static bool has_pointer(const struct checked *c)
{
    return c->lead >= sizeof(*c) + sizeof(struct pointer);
}

/* Bytes in front of the header that hold a pattern: up to a page, lest much memory is touched for a large alignment. */
static size_t front_size(const struct checked *c)
{
    size_t between = c->lead - sizeof(*c) - (has_pointer(c) ? sizeof(struct pointer) : 0);
    return bits_min(between, space_map.page_size);
}

static char *front_of(const struct checked *c)
{
    return (char *)c - front_size(c);
}

void *checked_make(void *base, size_t alignment, size_t size, bool guard, uint32_t site)
{
    char *payload = bits_align_up((char *)base + sizeof(struct checked), alignment);
    if (guard) {
        payload = bits_align_down(guard_page(base) - size, alignment);
    }
    struct checked *c = (struct checked *)payload - 1;
    *c = (struct checked){.size = size,
                          .lead = (size_t)(payload - (char *)base),
                          .state = CHECKED_LIVE,
                          .has_guard = guard,
                          .site = site};
    c->seal = seal_of(c);
    memset(payload + size, REDZONE_BYTE, redzone_size(c));
    memset(front_of(c), REDZONE_BYTE, front_size(c));
    if (has_pointer(c)) {
        set_pointer(base, payload);
    }
    if (guard) {
        set_pointer((struct pointer *)(guard_page(base) + space_map.page_size), payload);
        os_guard(guard_page(base), space_map.page_size);
    }
    return payload;
}

struct checked *checked_of(const void *payload)
{
    struct checked *c =
        (struct checked *)((uintptr_t)payload - sizeof(*c)); /* it may be anything */
    bool may_be = (uintptr_t)payload % MA_ALIGNMENT == 0 && space_segment_of(c) != NULL &&
                  space_segment_of(payload) == space_segment_of(c) &&
                  (char *)c > (char *)space_segment_of(c) + sizeof(struct segment);
    return may_be && c->seal == seal_of(c) ? c : NULL;
}

struct checked *checked_at_base(const void *base)
{
    const struct pointer *p = base;
    struct checked *c = checked_of(is_pointer(p) ? p->payload : (const char *)base + sizeof(*c));
    return c != NULL && checked_base(c) == base ? c : NULL;
}

/* Whether nothing was written in front of the header. */
static bool has_front(const struct checked *c)
{
    return pattern_end(front_of(c), front_size(c), REDZONE_BYTE) == front_size(c);
}

void checked_require(const struct checked *c, const char *caller)
{
    const char *payload = checked_payload(c);
    MA_CHECK(c->state == CHECKED_LIVE,
             "%s(%p): double free: the block of %zu bytes is free already", caller,
             (const void *)payload, c->size);
    size_t size = redzone_size(c);
    size_t at = pattern_end(payload + c->size, size, REDZONE_BYTE);
    MA_CHECK(at == size,
             "%s(%p): write past the end of the block of %zu bytes: %zu bytes behind its end was "
             "written to",
             caller, (const void *)payload, c->size, at);
    MA_CHECK(has_front(c), "%s(%p): write before the begin of the block of %zu bytes", caller,
             (const void *)payload, c->size);
}

void checked_set_family(struct checked *c, enum checked_family family)
{
    c->family = (uint8_t)family;
    c->seal = seal_of(c);
}

void checked_require_family(const struct checked *c, enum checked_family family, const char *caller)
{
    static const struct {
        const char *allocates;
        const char *frees;
    } names[] = {
        [FAMILY_MALLOC] = {"malloc", "free"},
        [FAMILY_NEW] = {"operator new", "operator delete"},
        [FAMILY_NEW_ARRAY] = {"operator new[]", "operator delete[]"},
    };
    MA_CHECK(c->family == family,
             "%s(%p): mismatch: the block of %zu bytes is from %s, and is to go by %s", caller,
             checked_payload(c), c->size, names[c->family].allocates, names[c->family].frees);
}

void checked_release(struct checked *c)
{
    c->state = CHECKED_RELEASED;
    c->seal = seal_of(c);
}

void checked_fill(struct checked *c)
{
    memset(checked_payload(c), RELEASED_BYTE, c->size + redzone_size(c));
}

void checked_require_untouched(const struct checked *c)
{
    const char *payload = checked_payload(c);
    MA_CHECK(c->seal == seal_of(c) && has_front(c),
             "write before the begin of the block at %p after it was freed", (const void *)payload);
    size_t at = pattern_end(payload, c->size + redzone_size(c), RELEASED_BYTE);
    MA_CHECK(at == c->size + redzone_size(c),
             "write after free: the block of %zu bytes at %p was written to at byte %zu after it "
             "was freed",
             c->size, (const void *)payload, at);
}

void checked_retire(struct checked *c)
{
    if (c->has_guard) {
        char *page = guard_page(checked_base(c));
        os_unguard(page, space_map.page_size);
        ((struct pointer *)(page + space_map.page_size))->mark = 0;
    }
    if (has_pointer(c)) {
        ((struct pointer *)checked_base(c))->mark = 0;
    }
    c->seal = 0;
}

bool checked_explain(const void *address)
{
    const char *page = bits_align_down((char *)address, space_map.page_size);
    const struct pointer *p = (const struct pointer *)(page + space_map.page_size);
    const struct checked *c =
        space_segment_of(p) != NULL && is_pointer(p) ? checked_of(p->payload) : NULL;
    if (c == NULL) {
        return false;
    }
    size_t behind = (size_t)((const char *)address - (const char *)p->payload) - c->size;
    report_line("access past the end of a block: to %p, which is %zu bytes behind the %s block of "
                "%zu bytes at %p",
                address, behind, c->state == CHECKED_LIVE ? "live" : "freed", c->size, p->payload);
    return true;
}
