/*
 * Huge pages for large payloads, where options.thp says so.
 *
 * Only those that lie wholly within a payload: of no other memory more is resident than was touched.
 */
#ifndef MA_CORE_HUGE_H
#define MA_CORE_HUGE_H

#include "core/mem_block.h"

/* The block has become used, or larger; or it is about to be free. */
void huge_advise(struct mem_block *b, bool is_used);

#endif
