/*
 * C++'s operators new and delete, under their mangled names.
 *
 * Where memory is out, the call goes on to the next definition, the C++ library's:
 * it tries again by way of our malloc, runs the program's new-handlers, and throws
 * std::bad_alloc.
 */
#include "base/report.h"
#include "ma.h"
#include "next.h"

#include <stddef.h>

/* The next definition of a form that must not return NULL. */
static void *next_throwing(void **cache, const char *name)
{
    void *found = next_function(cache, name);
    if (found == NULL) {
        report_fatal("%s: memory is out, and there is no C++ library to throw bad_alloc", name);
    }
    return found;
}

/* An alignment that C++ passes is a power of two; 0 bytes must be unique, too. */
static void *new_aligned(size_t size, size_t alignment)
{
    return ma_aligned_alloc(alignment, size);
}

void *_Znwm(size_t size);
void *_Znam(size_t size);
void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag);
void *_ZnamRKSt9nothrow_t(size_t size, const void *tag);
void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
void *_ZnamSt11align_val_t(size_t size, size_t alignment);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag);
void _ZdlPv(void *payload);
void _ZdlPvm(void *payload, size_t size);
void _ZdlPvRKSt9nothrow_t(void *payload, const void *tag);
void _ZdlPvSt11align_val_t(void *payload, size_t alignment);
void _ZdlPvmSt11align_val_t(void *payload, size_t size, size_t alignment);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag);
void _ZdaPv(void *payload);
void _ZdaPvm(void *payload, size_t size);
void _ZdaPvRKSt9nothrow_t(void *payload, const void *tag);
void _ZdaPvSt11align_val_t(void *payload, size_t alignment);
void _ZdaPvmSt11align_val_t(void *payload, size_t size, size_t alignment);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag);

void *_Znwm(size_t size)
{
    void *payload = ma_malloc(size);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    return ((void *(*)(size_t))next_throwing(&cache, "_Znwm"))(size);
}

void *_Znam(size_t size)
{
    void *payload = ma_malloc(size);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    return ((void *(*)(size_t))next_throwing(&cache, "_Znam"))(size);
}

void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag)
{
    void *payload = ma_malloc(size);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    void *next = next_function(&cache, "_ZnwmRKSt9nothrow_t");
    return next != NULL ? ((void *(*)(size_t, const void *))next)(size, tag) : NULL;
}

void *_ZnamRKSt9nothrow_t(size_t size, const void *tag)
{
    void *payload = ma_malloc(size);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    void *next = next_function(&cache, "_ZnamRKSt9nothrow_t");
    return next != NULL ? ((void *(*)(size_t, const void *))next)(size, tag) : NULL;
}

void *_ZnwmSt11align_val_t(size_t size, size_t alignment)
{
    void *payload = new_aligned(size, alignment);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    return ((void *(*)(size_t, size_t))next_throwing(&cache, "_ZnwmSt11align_val_t"))(size,
                                                                                      alignment);
}

void *_ZnamSt11align_val_t(size_t size, size_t alignment)
{
    void *payload = new_aligned(size, alignment);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    return ((void *(*)(size_t, size_t))next_throwing(&cache, "_ZnamSt11align_val_t"))(size,
                                                                                      alignment);
}

void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag)
{
    void *payload = new_aligned(size, alignment);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    void *next = next_function(&cache, "_ZnwmSt11align_val_tRKSt9nothrow_t");
    return next != NULL ? ((void *(*)(size_t, size_t, const void *))next)(size, alignment, tag)
                        : NULL;
}

void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag)
{
    void *payload = new_aligned(size, alignment);
    if (__builtin_expect(payload != NULL, 1)) {
        return payload;
    }
    static void *cache;
    void *next = next_function(&cache, "_ZnamSt11align_val_tRKSt9nothrow_t");
    return next != NULL ? ((void *(*)(size_t, size_t, const void *))next)(size, alignment, tag)
                        : NULL;
}

void _ZdlPv(void *payload)
{
    ma_free(payload);
}

void _ZdlPvm(void *payload, size_t size)
{
    ma_free_sized(payload, size);
}

void _ZdlPvRKSt9nothrow_t(void *payload, const void *tag)
{
    (void)tag;
    ma_free(payload);
}

void _ZdlPvSt11align_val_t(void *payload, size_t alignment)
{
    (void)alignment;
    ma_free(payload);
}

void _ZdlPvmSt11align_val_t(void *payload, size_t size, size_t alignment)
{
    ma_free_aligned_sized(payload, alignment, size);
}

void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag)
{
    (void)tag;
    (void)alignment;
    ma_free(payload);
}

void _ZdaPv(void *payload)
{
    ma_free(payload);
}

void _ZdaPvm(void *payload, size_t size)
{
    ma_free_sized(payload, size);
}

void _ZdaPvRKSt9nothrow_t(void *payload, const void *tag)
{
    (void)tag;
    ma_free(payload);
}

void _ZdaPvSt11align_val_t(void *payload, size_t alignment)
{
    (void)alignment;
    ma_free(payload);
}

void _ZdaPvmSt11align_val_t(void *payload, size_t size, size_t alignment)
{
    ma_free_aligned_sized(payload, alignment, size);
}

void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag)
{
    (void)tag;
    (void)alignment;
    ma_free(payload);
}
