/*
 * Places for free blocks, for the tests of bins and tree.
 *
 * Those touch no more of a free block than TREE_BLOCK_MIN bytes, so the places stand that
 * close together, whatever sizes the headers claim. They lie in a segment, as a link that
 * leads elsewhere is refused.
 */
#ifndef MA_TESTS_SUPPORT_BLOCK_POOL_H
#define MA_TESTS_SUPPORT_BLOCK_POOL_H

#include "core/mem_block.h"

/* A fresh pretended system, with a pool of `count` places in it, filled with 0xee. */
void block_pool_start(size_t count);

/* The block at a place. */
struct mem_block *block_at(size_t place);

#endif
