/*
 * The last payloads that came into quarantine.
 */
#include "kept.h"

#include "base/options.h"
#include "check/sample.h"

/* Together less than QUARANTINE_MIN, whatever lies around them. */
enum { KEPT_COUNT = 16, KEPT_SIZE_MAX = 32 << 10, KEPT_ALIGNMENT_MAX = 4096 };
#define QUARANTINE_MIN ((size_t)1 << 20)

static struct live kept[KEPT_COUNT]; /* without payload: none */
static size_t next;

void kept_reset(void)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        kept[i].payload = NULL;
    }
}

/* A large one makes others go. */
void kept_add(const struct live *block)
{
    if (options.check < 2 || options.quarantine < QUARANTINE_MIN || sample_owns(block->payload)) {
        return;
    }
    if (block->usable > KEPT_SIZE_MAX || block->alignment > KEPT_ALIGNMENT_MAX) {
        kept_reset();
        return;
    }
    kept[next % KEPT_COUNT] = *block;
    next++;
}

bool kept_has(const struct live *block)
{
    bool has = false;
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        const struct live *old = &kept[i];
        has |= old->payload != NULL && block->payload <= old->payload + old->usable &&
               old->payload <= block->payload + block->usable;
    }
    return has;
}
