/*
 * What was not needed for a while.
 */
#include "core/decay.h"

#include "base/bits.h"
#include "base/config.h"
#include "base/options.h"
#include "os/os.h"

#include <stdbool.h>

size_t decay_due(struct decay *decay, size_t most)
{
    bool is_first = decay->since == 0;
    bool exceeds = decay->amount > most;
    size_t pause = exceeds ? bits_min(options.decay_ms, MA_PURGE_PAUSE) : options.decay_ms;
    uint64_t now = os_milliseconds();
    if (!is_first && now - decay->since < pause) {
        return 0;
    }
    size_t unneeded = is_first ? 0 : decay->least;
    decay->since = now;
    decay->least = decay->amount;
    return exceeds ? bits_min(unneeded, decay->amount - most + most / 4) : unneeded;
}
