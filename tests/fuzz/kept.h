/*
 * What was released last under check=2 and 3: it is in quarantine, and must not be handed out again yet.
 *
 * Of the blocks of one input only the last few small ones are known here: they are within the bound wherever
 * it is not set very low.
 */
#ifndef MA_TESTS_FUZZ_KEPT_H
#define MA_TESTS_FUZZ_KEPT_H

#include "model/shadow.h"

#include <stdbool.h>

/* Nothing is known to be kept. */
void kept_reset(void);

/* The block was released. */
void kept_add(const struct live *block);

/* Whether a payload that was handed out lies in memory that has to be kept. */
bool kept_has(const struct live *block);

#endif
