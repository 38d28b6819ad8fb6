/*
 * Size classes: one for each 16 bytes up to MA_SMALL_MAX, which needs no table; above, up to
 * MA_OBJECT_MAX, one for each number of objects that a slab can have, about eight to a doubling.
 */
#ifndef MA_FRONT_CLASSES_H
#define MA_FRONT_CLASSES_H

#include "base/config.h"

#include <stddef.h>
#include <stdint.h>

#define CLASS_FINE_COUNT (MA_SMALL_MAX / MA_ALIGNMENT + 1)
#define CLASS_COARSE_COUNT 21

/* Classes 1 and up have objects; class 0 is what a size of 0 falls into: a thread heap gives it
 * the current slab of class 1. */
#define CLASS_COUNT (CLASS_FINE_COUNT + CLASS_COARSE_COUNT)

/* Bytes in an object of each class. */
extern const uint16_t class_sizes[CLASS_COUNT];

/* The classes of sizes above MA_SMALL_MAX, by units of 16 bytes. */
extern const uint8_t class_by_units[MA_OBJECT_MAX / MA_ALIGNMENT + 1];

/* Requires: size <= MA_SMALL_MAX. */
static inline size_t class_of_small(size_t size)
{
    return (size + MA_ALIGNMENT - 1) / MA_ALIGNMENT;
}

/* Requires: size <= MA_OBJECT_MAX. */
static inline size_t class_of(size_t size)
{
    size_t units = class_of_small(size);
    return size <= MA_SMALL_MAX ? units : class_by_units[units];
}

/* Bytes in an object. */
static inline size_t class_size(size_t size_class)
{
    return class_sizes[size_class];
}

#endif
