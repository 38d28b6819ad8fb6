/*
 * Libraries in namespaces of their own.
 */
#ifndef MA_INTERPOSE_DLOPEN_H
#define MA_INTERPOSE_DLOPEN_H

#include "base/config.h"

#include <stdbool.h>

/* Whether one was ever to be loaded into another than the program's: it has another libc, which allocates by itself. Atomic. */
extern MA_HIDDEN bool dlopen_left_base;

#endif
