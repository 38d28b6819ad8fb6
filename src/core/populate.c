/*
 * How far ahead pages are populated.
 */
#include "core/populate.h"

#include "base/bits.h"
#include "base/config.h"
#include "base/options.h"
#include "core/space.h"

/* None with guard pages: by the time that the system is asked another thread may have one there, and a run that has one is refused. */
size_t populate_step(size_t limit)
{
    if (limit < MA_POPULATE_MIN || options.populate == 0 || options.check >= 3 ||
        space_map.page_size > MA_POPULATE_MIN) {
        return 0;
    }
    return limit < MA_POPULATE_MAX ? (size_t)1 << bits_highest(limit) : MA_POPULATE_MAX;
}
