/*
 * C++'s operators new and delete, under their mangled names.
 *
 * A program may replace some forms, and expects that the remaining ones call those: an
 * array or a sized form the plain one, a nothrow form the throwing one. The plain
 * forms are therefore called, or looked at, through symbols that the program's definition
 * answers (scripts/cmake/replaceable.list).
 *
 * Where memory is out, or a form to be called is the program's and might throw, the call
 * goes on to the next definition, the C++ library's: it tries again by way of
 * the plain forms, runs the program's new-handlers, and throws std::bad_alloc.
 */
#include "api/checked_alloc.h"
#include "api/fast.h"
#include "base/report.h"
#include "ma.h"
#include "next.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Our own definitions, by names that nobody replaces. */
#define OWN(name) __attribute__((alias(name), visibility("hidden")))
extern __typeof__(_Znwm) own_new OWN("_Znwm");
extern __typeof__(_Znam) own_new_array OWN("_Znam");
extern __typeof__(_ZnwmSt11align_val_t) own_new_aligned OWN("_ZnwmSt11align_val_t");
extern __typeof__(_ZnamSt11align_val_t) own_new_array_aligned OWN("_ZnamSt11align_val_t");
extern __typeof__(_ZnwmRKSt9nothrow_t) own_new_nothrow OWN("_ZnwmRKSt9nothrow_t");
extern __typeof__(_ZnamRKSt9nothrow_t) own_new_array_nothrow OWN("_ZnamRKSt9nothrow_t");
extern __typeof__(_ZdlPv) own_delete OWN("_ZdlPv");
extern __typeof__(_ZdaPv) own_delete_array OWN("_ZdaPv");
extern __typeof__(_ZdlPvSt11align_val_t) own_delete_aligned OWN("_ZdlPvSt11align_val_t");
extern __typeof__(_ZdaPvSt11align_val_t) own_delete_array_aligned OWN("_ZdaPvSt11align_val_t");

typedef void *new_function(size_t size);
typedef void *new_nothrow_function(size_t size, const void *tag);
typedef void *new_aligned_function(size_t size, size_t alignment);
typedef void *new_aligned_nothrow_function(size_t size, size_t alignment, const void *tag);

/* Whether a symbol is answered by our own definition. The compiler is kept from seeing
 * where `own` comes from: clang takes a function and its alias for different ones. */
static inline bool is_ours(const void *symbol, const void *own)
{
    __asm__("" : "+r"(own));
    return symbol == own;
}

static bool is_new_ours(void)
{
    return is_ours((void *)_Znwm, (void *)own_new);
}

static bool is_new_array_ours(void)
{
    return is_ours((void *)_Znam, (void *)own_new_array) && is_new_ours();
}

static bool is_new_aligned_ours(void)
{
    return is_ours((void *)_ZnwmSt11align_val_t, (void *)own_new_aligned);
}

static bool is_new_array_aligned_ours(void)
{
    return is_ours((void *)_ZnamSt11align_val_t, (void *)own_new_array_aligned) &&
           is_new_aligned_ours();
}

static bool is_delete_ours(void)
{
    return is_ours((void *)_ZdlPv, (void *)own_delete);
}

static bool is_delete_aligned_ours(void)
{
    return is_ours((void *)_ZdlPvSt11align_val_t, (void *)own_delete_aligned);
}

/* A size that C++ passes to delete is that of our block only if all that made and
 * releases it is ours. */
static bool is_size_ours(void)
{
    return is_delete_ours() && is_new_ours();
}

static bool is_array_size_ours(void)
{
    return is_ours((void *)_ZdaPv, (void *)own_delete_array) && is_delete_ours() &&
           is_new_array_ours();
}

static bool is_aligned_size_ours(void)
{
    return is_delete_aligned_ours() && is_new_aligned_ours();
}

static bool is_array_aligned_size_ours(void)
{
    return is_ours((void *)_ZdaPvSt11align_val_t, (void *)own_delete_array_aligned) &&
           is_delete_aligned_ours() && is_new_array_aligned_ours();
}

/* Whether what a form of new gave is to go by the same form of delete: if no form is replaced, of which another might call it, or free by
 * free() what it gave. */
static MA_RARE bool compares_families(void)
{
    return options.check >= 2 && options.mismatch != 0 && is_array_size_ours() &&
           is_array_aligned_size_ours() &&
           is_ours((void *)_ZnwmRKSt9nothrow_t, (void *)own_new_nothrow) &&
           is_ours((void *)_ZnamRKSt9nothrow_t, (void *)own_new_array_nothrow);
}

static MA_RARE __attribute__((noinline)) void *note_watched(void *payload,
                                                            enum checked_family family)
{
    if (compares_families()) {
        checked_note_family(payload, family);
    }
    return payload;
}

static MA_RARE __attribute__((noinline)) void claim_watched(void *payload,
                                                            enum checked_family family)
{
    if (compares_families()) {
        checked_claim(payload, family);
    }
}

/* `payload`, which a form of operator new is to return. */
static inline void *noted(void *payload, enum checked_family family)
{
    return options.is_watched ? note_watched(payload, family) : payload;
}

/* A form of operator delete is to free `payload`, one of `family`: an array goes by operator delete then, and what is no array by free(). */
static inline void claim(void *payload, enum checked_family family)
{
    if (__builtin_expect(options.is_watched, 0)) {
        claim_watched(payload, family);
    }
}

/* The next definition of an operator, or NULL. The C++ library may have come with a plugin, out of sight of what the program itself is
 * linked with. */
static MA_RARE void *next_operator(void **cache, const char *name)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    void *found = next_function(cache, name);
    for (size_t i = 0; found == NULL && i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        found = library != NULL ? dlsym(library, name) : NULL;
        __atomic_store_n(cache, found, __ATOMIC_RELEASE);
    }
    return found;
}

/* The next definition of a form that must not return NULL. */
static void *next_throwing(void **cache, const char *name)
{
    void *found = next_operator(cache, name);
    if (found == NULL) {
        report_fatal("%s: memory is out, and there is no C++ library to throw bad_alloc", name);
    }
    return found;
}

/* What to ask the next definition of an aligned form for: libstdc++ 12 rounds a size up
 * to the alignment, beyond zero where it is near SIZE_MAX. */
static size_t at_most_ptrdiff(size_t size)
{
    return size < PTRDIFF_MAX ? size : PTRDIFF_MAX;
}

static void *next_new(size_t size)
{
    static void *cache;
    return ((new_function *)next_throwing(&cache, "_Znwm"))(size);
}

static void *finish_new(void *payload, size_t size)
{
    return noted(payload != NULL ? payload : next_new(size), FAMILY_NEW);
}

void *_Znwm(size_t size)
{
    return fast_malloc_or(size, finish_new);
}

static void *next_new_array(size_t size)
{
    static void *cache;
    return ((new_function *)next_throwing(&cache, "_Znam"))(size);
}

static void *finish_new_array(void *payload, size_t size)
{
    return noted(payload != NULL ? payload : next_new_array(size), FAMILY_NEW_ARRAY);
}

void *_Znam(size_t size)
{
    return is_new_ours() ? fast_malloc_or(size, finish_new_array) : next_new_array(size);
}

void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag)
{
    void *payload = is_new_ours() ? ma_malloc(size) : NULL;
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_nothrow_function *next = (new_nothrow_function *)next_operator(&cache, __func__);
        payload = next != NULL ? next(size, tag) : NULL;
    }
    return noted(payload, FAMILY_NEW);
}

void *_ZnamRKSt9nothrow_t(size_t size, const void *tag)
{
    void *payload = is_new_array_ours() ? ma_malloc(size) : NULL;
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_nothrow_function *next = (new_nothrow_function *)next_operator(&cache, __func__);
        payload = next != NULL ? next(size, tag) : NULL;
    }
    return noted(payload, FAMILY_NEW_ARRAY);
}

void *_ZnwmSt11align_val_t(size_t size, size_t alignment)
{
    void *payload = ma_aligned_alloc(alignment, size);
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_aligned_function *next = (new_aligned_function *)next_throwing(&cache, __func__);
        payload = next(at_most_ptrdiff(size), alignment);
    }
    return noted(payload, FAMILY_NEW);
}

void *_ZnamSt11align_val_t(size_t size, size_t alignment)
{
    void *payload = is_new_aligned_ours() ? ma_aligned_alloc(alignment, size) : NULL;
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_aligned_function *next = (new_aligned_function *)next_throwing(&cache, __func__);
        payload = next(at_most_ptrdiff(size), alignment);
    }
    return noted(payload, FAMILY_NEW_ARRAY);
}

void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag)
{
    void *payload = is_new_aligned_ours() ? ma_aligned_alloc(alignment, size) : NULL;
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_aligned_nothrow_function *next =
            (new_aligned_nothrow_function *)next_operator(&cache, __func__);
        payload = next != NULL ? next(at_most_ptrdiff(size), alignment, tag) : NULL;
    }
    return noted(payload, FAMILY_NEW);
}

void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *tag)
{
    void *payload = is_new_array_aligned_ours() ? ma_aligned_alloc(alignment, size) : NULL;
    if (__builtin_expect(payload == NULL, 0)) {
        static void *cache;
        new_aligned_nothrow_function *next =
            (new_aligned_nothrow_function *)next_operator(&cache, __func__);
        payload = next != NULL ? next(at_most_ptrdiff(size), alignment, tag) : NULL;
    }
    return noted(payload, FAMILY_NEW_ARRAY);
}

static __attribute__((noinline)) void delete_slow(void *payload)
{
    claim(payload, FAMILY_NEW);
    ma_free(payload);
}

void _ZdlPv(void *payload)
{
    if (__builtin_expect(!fast_free_object(payload), 0)) {
        delete_slow(payload);
    }
}

static __attribute__((noinline)) void delete_sized_slow(void *payload, size_t size)
{
    if (is_size_ours()) {
        claim(payload, FAMILY_NEW);
        ma_free_sized(payload, size);
    } else {
        _ZdlPv(payload);
    }
}

void _ZdlPvm(void *payload, size_t size)
{
    if (__builtin_expect(!is_size_ours() || !fast_free_sized(payload, size), 0)) {
        delete_sized_slow(payload, size);
    }
}

void _ZdlPvRKSt9nothrow_t(void *payload, const void *tag)
{
    (void)tag;
    _ZdlPv(payload);
}

void _ZdlPvSt11align_val_t(void *payload, size_t alignment)
{
    (void)alignment;
    claim(payload, FAMILY_NEW);
    ma_free(payload);
}

void _ZdlPvmSt11align_val_t(void *payload, size_t size, size_t alignment)
{
    if (__builtin_expect(is_aligned_size_ours(), 1)) {
        claim(payload, FAMILY_NEW);
        ma_free_aligned_sized(payload, alignment, size);
    } else {
        _ZdlPvSt11align_val_t(payload, alignment);
    }
}

void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag)
{
    (void)tag;
    _ZdlPvSt11align_val_t(payload, alignment);
}

void _ZdaPv(void *payload)
{
    claim(payload, FAMILY_NEW_ARRAY);
    _ZdlPv(payload);
}

static __attribute__((noinline)) void delete_array_sized_slow(void *payload, size_t size)
{
    if (is_array_size_ours()) {
        claim(payload, FAMILY_NEW_ARRAY);
        claim(payload, FAMILY_NEW);
        ma_free_sized(payload, size);
    } else {
        _ZdaPv(payload);
    }
}

void _ZdaPvm(void *payload, size_t size)
{
    if (__builtin_expect(!is_array_size_ours() || !fast_free_sized(payload, size), 0)) {
        delete_array_sized_slow(payload, size);
    }
}

void _ZdaPvRKSt9nothrow_t(void *payload, const void *tag)
{
    (void)tag;
    _ZdaPv(payload);
}

void _ZdaPvSt11align_val_t(void *payload, size_t alignment)
{
    claim(payload, FAMILY_NEW_ARRAY);
    _ZdlPvSt11align_val_t(payload, alignment);
}

void _ZdaPvmSt11align_val_t(void *payload, size_t size, size_t alignment)
{
    if (__builtin_expect(is_array_aligned_size_ours(), 1)) {
        claim(payload, FAMILY_NEW_ARRAY);
        claim(payload, FAMILY_NEW);
        ma_free_aligned_sized(payload, alignment, size);
    } else {
        _ZdaPvSt11align_val_t(payload, alignment);
    }
}

void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *payload, size_t alignment, const void *tag)
{
    (void)tag;
    _ZdaPvSt11align_val_t(payload, alignment);
}
