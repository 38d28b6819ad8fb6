/*
 * The pool: one segment, divided.
 */
#include "support/block_pool.h"

#include "core/space.h"
#include "core/tree.h"
#include "support/fake_os.h"

#include <stdlib.h>
#include <string.h>

static char *pool;

void block_pool_start(size_t count)
{
    fake_os_reset();
    size_t bytes = bits_round_up((count + 1) * TREE_BLOCK_MIN, MA_GRANULE);
    struct segment *segment = space_start() ? space_new_segment(NULL, bytes) : NULL;
    if (segment == NULL) {
        abort();
    }
    pool = (char *)segment + TREE_BLOCK_MIN;
    memset(pool, 0xee, count * TREE_BLOCK_MIN);
    mb_key = UINT64_C(0x5eed5eed5eed5eed);
}

struct mem_block *block_at(size_t place)
{
    return (struct mem_block *)(pool + place * TREE_BLOCK_MIN);
}
