/*
 * Linked with libma.so: operator new is libma's, and out-of-memory is still std::bad_alloc.
 */
#include <ma.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

static int expect(bool holds, const char *what)
{
    if (!holds) {
        std::fprintf(stderr, "shared.cc: %s\n", what);
    }
    return holds ? 0 : 1;
}

static bool throws_bad_alloc()
{
    try {
        /* The compiler must not see that the size cannot be had. */
        volatile std::size_t size = PTRDIFF_MAX;
        ::operator delete(::operator new(size));
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

int main()
{
    int failures = 0;
    std::unique_ptr<int> number(new int(1));
    std::vector<std::string> words(10, std::string(100, 'x'));
    std::string *array = new std::string[3];

    failures += expect(ma_owns(number.get()), "operator new is not libma's");
    failures += expect(ma_owns(words.data()) && ma_owns(words[0].data()),
                       "a container's memory is not libma's");
    failures += expect(ma_owns(array), "operator new[] is not libma's");
    failures += expect(throws_bad_alloc(), "out of memory is not std::bad_alloc");
    delete[] array;
    return failures;
}
