/*
 * Two kinds of assertion. Neither allocates.
 *
 * MA_ASSERT  states what our own code guarantees; debug builds only.
 * MA_CHECK   states what a program can break (a header, a list within reach of
 *            an overflow); always on, at the places where such data is trusted.
 */
#ifndef MA_BASE_ASSERT_H
#define MA_BASE_ASSERT_H

#include "base/report.h"

#define MA_CHECK(condition, ...)                                                                   \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            report_fatal(__VA_ARGS__);                                                             \
        }                                                                                          \
    } while (0)

#ifdef MA_DEBUG
#define MA_ASSERT(condition)                                                                       \
    MA_CHECK(condition, "%s:%d: %s does not hold", __FILE__, __LINE__, #condition)
#else
#define MA_ASSERT(condition) ((void)sizeof(condition))
#endif

#endif
