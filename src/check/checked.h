/*
 * A checked block: one whose ends are watched, whose exact size is known, and which is not used again soon.
 *
 *   block of the core -> +---------------------------+
 *                        | lead, as far as alignment |
 *                        | asks for one: a pattern   |
 *                        +---------------------------+
 *                        | struct checked            |  sealed
 *   payload ->           +---------------------------+  what the program gets
 *                        | as many bytes as it asked |
 *                        | for                       |
 *                        +---------------------------+
 *                        | redzone, one byte or more |  a pattern
 *   end ->               +---------------------------+
 *
 * Without guard page the block ends there; with one (check=3) a page without access follows, and behind that the address
 * of the payload, for whoever looks for the block that a fault belongs to.
 *
 * To the core it is a used block. Reports tell what is wrong, of which block, and where.
 */
#ifndef MA_CHECK_CHECKED_H
#define MA_CHECK_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a block was asked for, and so by what it may be freed. */
enum checked_family {
    FAMILY_MALLOC,
    FAMILY_NEW,
    FAMILY_NEW_ARRAY,
};

enum checked_state {
    CHECKED_LIVE = 0x11fe,
    CHECKED_RELEASED = 0xdead,
};

struct checked {
    size_t size; /* bytes that the program asked for */
    size_t lead; /* from the core's payload to the program's; bytes */
    uint16_t state;
    uint8_t has_guard; /* a guard page follows */
    uint8_t family;    /* enum checked_family */
    uint32_t site;     /* where it was allocated: see check/sites.h */
    uint64_t seal;     /* over all this, and the address */
};

/* Bytes to ask the core for. False: too many. `guard`: with a guard page. */
bool checked_room(size_t alignment, size_t size, bool guard, size_t *room);

/*
 * Make the core's used block `base` a live checked block.
 *
 * @return its payload, a multiple of `alignment`, a power of two.
 */
void *checked_make(void *base, size_t alignment, size_t size, bool guard, uint32_t site);

/* The checked block of a payload, live or released; NULL where there is none. */
struct checked *checked_of(const void *payload);

static inline void *checked_payload(const struct checked *c)
{
    return (char *)c + sizeof(*c);
}

/* The checked block in a used block of the core; NULL where that is none. */
struct checked *checked_at_base(const void *base);

/* What checked_make() was given. */
static inline void *checked_base(const struct checked *c)
{
    return (char *)checked_payload(c) - c->lead;
}

/* Abort with a report naming `caller` where the block is not live, or was written to around it. */
void checked_require(const struct checked *c, const char *caller);

/* The live block is of that family; at first it is malloc's. */
void checked_set_family(struct checked *c, enum checked_family family);

/* Abort with a report naming `caller`, which frees what is of `family`, where the block is of another. */
void checked_require_family(const struct checked *c, enum checked_family family,
                            const char *caller);

/* The live block is released: it is marked so. */
void checked_release(struct checked *c);

/* Fill a released block with a pattern. */
void checked_fill(struct checked *c);

/* Abort with a report where a block was written to since it was filled. */
void checked_require_untouched(const struct checked *c);

/* The released block's memory is to serve others: nothing is left that could pass for a checked block. */
void checked_retire(struct checked *c);

/* Report what the access to `address`, in a guard page of ours, was. False: it is in none. */
bool checked_explain(const void *address);

#endif
