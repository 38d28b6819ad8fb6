/*
 * Included before each of the allocator's sources: their static variables go into two sections of their own, so that
 * image.c can set them back. Thread-local ones are static here (CMakeLists.txt), as there is one thread.
 */
#ifndef MA_TESTS_FUZZ_SECTIONS_H
#define MA_TESTS_FUZZ_SECTIONS_H

#pragma clang section bss = "ma_bss" data = "ma_data"

#endif
