/*
 * Size classes: one for each 16 bytes up to MA_SMALL_MAX.
 */
#ifndef MA_FRONT_CLASSES_H
#define MA_FRONT_CLASSES_H

#include "base/config.h"

#include <stddef.h>

/* Classes 1 and up have objects; class 0 is what a size of 0 falls into: a thread heap gives it
 * the current slab of class 1. */
#define CLASS_COUNT (MA_SMALL_MAX / MA_ALIGNMENT + 1)

/* Requires: size <= MA_SMALL_MAX. */
static inline size_t class_of(size_t size)
{
    return (size + MA_ALIGNMENT - 1) / MA_ALIGNMENT;
}

/* Bytes in an object. */
static inline size_t class_size(size_t size_class)
{
    return size_class * MA_ALIGNMENT;
}

#endif
