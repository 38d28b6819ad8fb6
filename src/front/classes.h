/*
 * Size classes: one for each 16 bytes up to MA_SMALL_MAX.
 */
#ifndef MA_FRONT_CLASSES_H
#define MA_FRONT_CLASSES_H

#include "base/bits.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>

/* Classes 1 and up have objects; class 0 is what a size of 0 falls into: a thread heap gives it
 * the current slab of class 1. */
#define CLASS_COUNT (MA_SMALL_MAX / MA_ALIGNMENT + 1)

/* Requires: size <= MA_SMALL_MAX. */
static inline size_t class_of(size_t size)
{
    return (size + MA_ALIGNMENT - 1) / MA_ALIGNMENT;
}

/* Up to here each class stands for itself; beyond, each doubling has so many groups of classes. */
#define GROUPED_FROM 8
#define GROUPS_LOG2 2

/* Classes in a group at most. */
#define GROUP_MAX ((CLASS_COUNT - 1) >> (GROUPS_LOG2 + 1))

/* The largest class of the group that a class is in: its slabs serve those classes that have none of their own. */
static inline size_t class_group(size_t size_class)
{
    if (size_class <= GROUPED_FROM) {
        return size_class;
    }
    return bits_round_up(size_class, (size_t)1 << (bits_highest(size_class - 1) - GROUPS_LOG2));
}

/* Whether objects of `object_class` are given for requests of `size_class`. */
static inline bool class_serves(size_t object_class, size_t size_class)
{
    return object_class == size_class || object_class == class_group(size_class);
}

/* Bytes in an object. */
static inline size_t class_size(size_t size_class)
{
    return size_class * MA_ALIGNMENT;
}

#endif
