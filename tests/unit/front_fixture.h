/*
 * Thread heaps over a pretended system, for the tests of src/front/.
 *
 * Cores and registry are the process's, and start once: a test finds them as the tests before it
 * left them, and must release all that it allocates. The teardown ends the thread heaps that are
 * open, and then wants to see no slab, no live block, and a sound heap.
 *
 * One thread plays several: it becomes the owner of one thread heap after the other.
 */
#ifndef MA_TESTS_UNIT_FRONT_FIXTURE_H
#define MA_TESTS_UNIT_FRONT_FIXTURE_H

#include "core/cores.h"
#include "front/front.h"
#include "front/inspect.h"
#include "front/reclaim.h"
#include "front/registry.h"
#include "front/remote.h"

#define KIB ((size_t)1024)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Objects of the largest slab. */
enum { OBJECTS_MAX = 4096 };

/* Setup of the group; teardown of one test. */
int front_group_setup(void **state);
int front_teardown(void **state);

#define FRONT_TEST(function) cmocka_unit_test_teardown(function, front_teardown)

/* This test breaks the heap on purpose, in a way that it cannot mend: nothing is looked at. */
void front_is_broken(void);

/* A new thread heap, of a thread that asks for blocks, too; and its end. The calling thread becomes the owner of the former, or
 * nobody. */
struct theap *begin_thread(void);
void end_thread(struct theap *heap);

/* From now on the calling thread is `heap`'s. */
void become(struct theap *heap);

/* As ma_malloc() and ma_free() of the thread that the caller has become, for objects of slabs; NULL
 * where the core is to serve. */
void *front_malloc(size_t size);
void front_free(void *object);

/* Ask for objects of `size` bytes until the class has a slab: the first object is returned. */
void *first_object(size_t size);

/* Fill a slab: take all objects of a class that its current slab has, from `objects[count]` on. The
 * new count is returned. */
size_t take_all(void **objects, size_t count, size_t size);

/* Give a core's payload back. */
void release(void *payload);

/* Have the calling thread's heap cache twenty blocks of 10,000 bytes. */
void cache_blocks(void);

/* From now on the system gives no memory, and the cores have no granule left. */
void use_up_memory(void);
void give_memory_back(void);

/* Slabs with an owner, those that have thread heaps in them left out. */
size_t slab_count(void);

/* What the first core has handed out: blocks that live. */
size_t core_live_count(void);

/* What ma_stats() would say. */
struct ma_stats front_stats(void);

/* The length of a list of objects. */
size_t length_of(const struct object *o);

/* Objects of a slab that are live: what others have freed is not, though it be still on its way. */
size_t live_in(const struct slab *slab);

#endif
