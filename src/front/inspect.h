/*
 * Looking at all slabs, whoever owns them.
 */
#ifndef MA_FRONT_INSPECT_H
#define MA_FRONT_INSPECT_H

#include "front/theap.h"

/*
 * Check the slabs of `mine`, the calling thread's heap (NULL: it has none), and the orphans. Those of
 * other threads change meanwhile and are left out.
 *
 * @return 0, or the number of an invariant that is broken, which a line on stderr explains.
 */
int front_check(const struct theap *mine);

/* In `*stats` slabs count as used blocks: let their objects take that place. */
void front_correct_stats(struct ma_stats *stats);

#endif
