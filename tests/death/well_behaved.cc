/*
 * The legal neighbours of every misuse in this folder: none of them may be stopped.
 */
#include "misuse.h"

#include <new>
#include <pthread.h>

namespace
{
void *free_it(void *payload)
{
    free(payload);
    return nullptr;
}

/* Every byte that a payload has is its owner's. */
void fill(char *payload)
{
    memset(payload, 0xff, malloc_usable_size(payload));
}

void sizes_and_edges()
{
    for (size_t size = 0; size < 3000; size++) {
        char *p = hide(malloc(size));
        char *q = hide(calloc(size, 1));
        fill(p);
        fill(q);
        p = hide(realloc(p, size + 200));
        fill(p);
        p = hide(realloc(p, size / 2 + 1));
        fill(p);
        free_sized(q, size);
        free_sized(p, size / 2 + 1);
    }
    free(nullptr);
    free_sized(nullptr, 10);
    free_aligned_sized(nullptr, 16, 10);
    require(malloc_usable_size(nullptr) == 0, "NULL has bytes");
}

void aligned()
{
    for (size_t alignment = 16; alignment <= 65536; alignment *= 2) {
        for (size_t size = 0; size < 2000; size += 37) {
            char *p = hide(aligned_alloc(alignment, size));
            fill(p);
            free_aligned_sized(p, alignment, size);
            p = hide(aligned_alloc(alignment, size));
            fill(p);
            free(p);
        }
    }
}

void large()
{
    for (size_t size = 65536; size < (size_t)16 << 20; size *= 3) {
        char *p = hide(malloc(size));
        char *q = hide(malloc(size));
        fill(p);
        fill(q);
        free(p);
        q = hide(realloc(q, size * 2));
        fill(q);
        free_sized(q, size * 2);
    }
}

/* Reusing an address is no double free. */
void reuse()
{
    for (int i = 0; i < 1000; i++) {
        char *block[3];
        for (auto &b : block) {
            b = hide(malloc(40));
            fill(b);
        }
        free(block[i % 3]);
        free(block[(i + 1) % 3]);
        free(block[(i + 2) % 3]);
    }
}

void other_threads()
{
    for (int i = 0; i < 50; i++) {
        char *p = hide(malloc(40));
        fill(p);
        pthread_t thread;
        require(pthread_create(&thread, nullptr, free_it, p) == 0, "there is no second thread");
        pthread_join(thread, nullptr);
    }
}

void operators()
{
    for (size_t size = 0; size < 2000; size += 13) {
        char *p = hide(::operator new(size));
        fill(p);
        ::operator delete(p, size);
        p = hide(::operator new[](size));
        fill(p);
        ::operator delete[](p, size);
        p = hide(::operator new (size, std::align_val_t{256}));
        fill(p);
        ::operator delete (p, size, std::align_val_t{256});
        p = hide(::operator new[](size, std::align_val_t{64}));
        ::operator delete[](p, std::align_val_t{64});
    }
}
} // namespace

int main()
{
    sizes_and_edges();
    aligned();
    large();
    reuse();
    other_threads();
    operators();
    sizes_and_edges();
    return not_stopped();
}
