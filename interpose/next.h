/*
 * The definition of a function that comes after ours in the search order.
 */
#ifndef MA_INTERPOSE_NEXT_H
#define MA_INTERPOSE_NEXT_H

/* The address, or NULL where there is none. May allocate, so never called on the
 * way of an allocation that can succeed. `*cache` starts as NULL and keeps it. */
void *next_function(void **cache, const char *name);

#endif
