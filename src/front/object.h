/*
 * What a free object of a slab, or a cached block's payload, holds: a link, and a mark by which
 * a second release is noticed at once. The mark is keyed, and taken off when the memory is
 * handed out: nobody writes it by chance.
 *
 * What a compiler knows to be of no value, such as a word between the fields of an enum, it may have the program write from
 * whatever register comes first, right after malloc() has returned. So no function that compares or makes a mark leaves one in a
 * register, or a live object would soon bear its own.
 */
#ifndef MA_FRONT_OBJECT_H
#define MA_FRONT_OBJECT_H

#include "core/mem_block.h"

#include <stdbool.h>

struct object {
    struct object *next;
    uintptr_t mark;
};

/* Of an object of a slab; object_forget() it. */
static inline uintptr_t object_mark(const struct object *o)
{
    uintptr_t mark = mb_key;
    __asm__ volatile("" : "+r"(mark)); /* so that what is made of it takes its register */
    return mark ^ (uintptr_t)o;
}

/* The register that has `mark`, which is needed no more, has 0. */
static inline __attribute__((always_inline)) void object_forget(uintptr_t mark)
{
#if defined(__x86_64__)
    __asm__ volatile("xor %k0, %k0" : "+r"(mark) : : "cc");
#elif defined(__aarch64__)
    __asm__ volatile("mov %0, xzr" : "+r"(mark));
#elif defined(__powerpc64__)
    __asm__ volatile("li %0, 0" : "+r"(mark));
#else
    __asm__ volatile("" : "+r"(mark));
#endif
}

/* Whether what `o` bears is `mark`, which is forgotten: what the two differ by is 0 then, and could be the mark otherwise. */
static inline __attribute__((always_inline)) bool object_bears(const struct object *o,
                                                               uintptr_t mark)
{
#if defined(__x86_64__)
    bool is_same;
    __asm__("xor %[word], %[mark]" : [mark] "+r"(mark), "=@ccz"(is_same) : [word] "m"(o->mark));
#else
    mark ^= o->mark;
    __asm__("" : "+r"(mark));
    bool is_same = mark == 0;
#endif
    if (!is_same) {
        object_forget(mark);
    }
    return is_same;
}

static inline __attribute__((always_inline)) bool object_has_mark(const struct object *o)
{
    return object_bears(o, object_mark(o));
}

/* `o` bears `mark` now, which is forgotten. */
static inline __attribute__((always_inline)) void object_bear(struct object *o, uintptr_t mark)
{
    o->mark = mark;
    object_forget(mark);
}

static inline void object_set_mark(struct object *o)
{
    object_bear(o, object_mark(o));
}

/* Of a cached block's payload: it covers the first word, too, so that a write to this is noticed (the factor: also where both
 * were written over with the same). */
static inline __attribute__((always_inline)) uintptr_t object_block_mark(const struct object *o)
{
    uintptr_t rest = ~object_mark(o);
    uintptr_t link = 5 * (uintptr_t)o->next;
#if defined(__x86_64__)
    __asm__("add %[link], %[rest]" : [rest] "+r"(rest) : [link] "r"(link) : "cc");
    return rest;
#else
    uintptr_t mark = rest + link;
    __asm__ volatile("" : "+r"(mark)); /* it is there before the rest goes */
    object_forget(rest);
    return mark;
#endif
}

static inline __attribute__((always_inline)) bool object_has_block_mark(const struct object *o)
{
    return object_bears(o, object_block_mark(o));
}

/* Its link is set. */
static inline void object_set_block_mark(struct object *o)
{
    object_bear(o, object_block_mark(o));
}

#endif
