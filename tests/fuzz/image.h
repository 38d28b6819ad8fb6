/*
 * The allocator's static variables as they are in a program that has just been loaded.
 *
 * Thread-local ones are not among them: see go_home() in fuzz_heap.c.
 */
#ifndef MA_TESTS_FUZZ_IMAGE_H
#define MA_TESTS_FUZZ_IMAGE_H

/* Once, before the allocator starts: keep what the variables are. */
void image_take(void);

/* Set them back. The allocator has then never started. */
void image_restore(void);

#endif
