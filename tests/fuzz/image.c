/*
 * The sections that sections.h makes, whose bounds the linker knows.
 *
 * Between the variables are the sanitizer's red zones, which are constant, and which memcpy() would not touch.
 */
#include "image.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

extern volatile uint32_t __start_ma_data[];
extern volatile uint32_t __stop_ma_data[];
extern volatile uint64_t __start_ma_bss[];
extern volatile uint64_t __stop_ma_bss[];

static uint32_t data[1024];

static size_t data_count(void)
{
    return (size_t)(__stop_ma_data - __start_ma_data);
}

void image_take(void)
{
    assert(data_count() <= sizeof(data) / sizeof(data[0]));
    for (size_t i = 0; i < data_count(); i++) {
        data[i] = __start_ma_data[i];
    }
}

void image_restore(void)
{
    for (size_t i = 0; i < data_count(); i++) {
        __start_ma_data[i] = data[i];
    }
    for (volatile uint64_t *word = __start_ma_bss; word < __stop_ma_bss; word++) {
        *word = 0;
    }
}
