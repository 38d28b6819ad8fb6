/*
 * Moving a large payload's contents by page tables: the pages change their addresses, and nothing is copied but what lies
 * in pages that the payload shares with its neighbours. For that the old payload and the new one begin at the same
 * offset within a page.
 */
#ifndef MA_CORE_MOVE_H
#define MA_CORE_MOVE_H

#include "core/core_locked.h"

/* Whether a payload of `usable` bytes is large enough. */
bool move_is_worth(size_t usable);

/* What to ask for when the contents of the used block `from` are to go to a payload of `size` bytes. */
struct core_request move_request(const struct mem_block *from, size_t size);

/* Whether to move the contents of `from` to the larger block `to`, rather than to copy them. No: `from` is small; pages of
 * `to` that are resident would be lost, and those of `from` soon be faulted in anew, which costs more than to copy, and
 * saves little where they are not very many; or there would be too many seams. */
bool move_suits(const struct mem_block *from, const struct taken *to);

/*
 * Move the payload of the used block `from` to the larger one of `to`. What could not be moved is copied. Requires:
 * move_suits(). Needs no lock.
 *
 * @return false where a part of `to` was lost: `from` is as it was. Otherwise `*left` is what of `from` may be
 *         other than zero now.
 */
MA_RARE bool move_contents(struct mem_block *from, struct mem_block *to, struct written *left);

#endif
