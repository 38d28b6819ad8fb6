/*
 * What must hold in each state that spin explores.
 */
#ifndef MA_TESTS_SPIN_EXPECT_H
#define MA_TESTS_SPIN_EXPECT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether it holds; if not, a line on stderr says what does not. */
static inline bool expect(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "states: %s\n", what);
    }
    return holds;
}

#endif
