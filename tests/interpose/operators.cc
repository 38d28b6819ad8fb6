/*
 * operator new and delete in all their forms, and what happens at out of memory.
 *
 *   operators libma|glibc
 */
#include "limits.h"

#include <cstring>
#include <limits>
#include <malloc.h>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace
{

constexpr std::size_t MIB = 1 << 20;

bool on_libma;

/* One form of new, and a form of delete that goes with it. */
struct Form {
    const char *name;
    void *(*allocate)(std::size_t size, std::size_t alignment);
    void (*release)(void *payload, std::size_t size, std::size_t alignment);
    bool throws;
    bool aligned;
};

std::align_val_t to(std::size_t alignment)
{
    return std::align_val_t(alignment);
}

#define ALLOCATE(expression)                                                                       \
    [](std::size_t size, std::size_t alignment) -> void * {                                        \
        (void)alignment;                                                                           \
        return expression;                                                                         \
    }
#define RELEASE(statement)                                                                         \
    [](void *payload, std::size_t size, std::size_t alignment) {                                   \
        (void)size;                                                                                \
        (void)alignment;                                                                           \
        statement;                                                                                 \
    }

const Form forms[] = {
    {"new, delete", ALLOCATE(::operator new(size)), RELEASE(::operator delete(payload)), true,
     false},
    {"new, sized delete", ALLOCATE(::operator new(size)), RELEASE(::operator delete(payload, size)),
     true, false},
    {"new, nothrow delete", ALLOCATE(::operator new(size)),
     RELEASE(::operator delete(payload, std::nothrow)), true, false},
    {"new[], delete[]", ALLOCATE(::operator new[](size)), RELEASE(::operator delete[](payload)),
     true, false},
    {"new[], sized delete[]", ALLOCATE(::operator new[](size)),
     RELEASE(::operator delete[](payload, size)), true, false},
    {"nothrow new, delete", ALLOCATE(::operator new(size, std::nothrow)),
     RELEASE(::operator delete(payload)), false, false},
    {"nothrow new, nothrow delete", ALLOCATE(::operator new(size, std::nothrow)),
     RELEASE(::operator delete(payload, std::nothrow)), false, false},
    {"nothrow new[], nothrow delete[]", ALLOCATE(::operator new[](size, std::nothrow)),
     RELEASE(::operator delete[](payload, std::nothrow)), false, false},
    {"aligned new, delete", ALLOCATE(::operator new(size, to(alignment))),
     RELEASE(::operator delete(payload, to(alignment))), true, true},
    {"aligned new, sized delete", ALLOCATE(::operator new(size, to(alignment))),
     RELEASE(::operator delete(payload, size, to(alignment))), true, true},
    {"aligned new[], delete[]", ALLOCATE(::operator new[](size, to(alignment))),
     RELEASE(::operator delete[](payload, to(alignment))), true, true},
    {"aligned new[], sized delete[]", ALLOCATE(::operator new[](size, to(alignment))),
     RELEASE(::operator delete[](payload, size, to(alignment))), true, true},
    {"aligned nothrow new, delete", ALLOCATE(::operator new(size, to(alignment), std::nothrow)),
     RELEASE(::operator delete(payload, to(alignment), std::nothrow)), false, true},
    {"aligned nothrow new[], delete[]",
     ALLOCATE(::operator new[](size, to(alignment), std::nothrow)),
     RELEASE(::operator delete[](payload, to(alignment), std::nothrow)), false, true},
};

void payloads_are_aligned_and_ours(const Form &form)
{
    static const std::size_t sizes[] = {1, 8, 15, 16, 17, 100, 1024, 5000, 70000, 300000};
    for (std::size_t alignment = 1; alignment <= MIB; alignment *= 4) {
        std::size_t expected = form.aligned && alignment > 16 ? alignment : 16;
        for (std::size_t size : sizes) {
            void *payload = form.allocate(size, alignment);
            EXPECT(payload != nullptr && reinterpret_cast<uintptr_t>(payload) % expected == 0);
            EXPECT(!on_libma || expect_owned(payload));
            std::memset(payload, 1, size);
            form.release(payload, size, alignment);
        }
    }
}

void zero_bytes_are_unique(const Form &form)
{
    void *first = form.allocate(0, 64);
    void *second = form.allocate(0, 64);
    EXPECT(first != nullptr && second != nullptr && first != second);
    form.release(first, 0, 64);
    form.release(second, 0, 64);
}

/* What comes of a request: 'p' a payload, 'n' nullptr, 'b' bad_alloc, 'o' some other exception. */
char outcome_of(const Form &form, std::size_t size, std::size_t alignment)
{
    try {
        void *payload = form.allocate(size, alignment);
        if (payload != nullptr && size <= PTRDIFF_MAX) {
            form.release(payload, size, alignment);
        }
        return payload != nullptr ? 'p' : 'n';
    } catch (const std::bad_alloc &) {
        return 'b';
    } catch (...) {
        return 'o';
    }
}

void out_of_memory_is_bad_alloc_or_null(const Form &form)
{
    for (std::size_t size :
         {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() - 100,
          std::size_t(PTRDIFF_MAX), std::size_t(PTRDIFF_MAX) + 1}) {
        /* libstdc++'s own aligned forms round the size up, around to 0, and hand out that. */
        if (!on_libma && form.aligned && size > PTRDIFF_MAX) {
            continue;
        }
        EXPECT(outcome_of(form, size, 64) == (form.throws ? 'b' : 'n'));
    }
}

void *ballast;
int handler_calls;

void let_go_of_ballast()
{
    handler_calls++;
    if (ballast == nullptr) {
        std::set_new_handler(nullptr);
        return;
    }
    std::free(ballast);
    ballast = nullptr;
}

struct HandlerGaveUp {
};

/* Under a limit the ballast and the request do not fit together, but each does. */
void a_new_handler_may_free_memory(const Form &form)
{
    ballast = std::malloc(40 * MIB);
    EXPECT(ballast != nullptr);
    handler_calls = 0;
    std::set_new_handler(let_go_of_ballast);
    EXPECT(outcome_of(form, 30 * MIB, 64) == 'p');
    EXPECT(handler_calls == 1);

    /* A handler that has nothing to give takes itself away. */
    EXPECT(outcome_of(form, 300 * MIB, 64) == (form.throws ? 'b' : 'n'));
    EXPECT(handler_calls == 2);
    EXPECT(std::get_new_handler() == nullptr);
    std::free(ballast);
    ballast = nullptr;

    std::set_new_handler([]() { throw std::bad_alloc(); });
    EXPECT(outcome_of(form, 300 * MIB, 64) == (form.throws ? 'b' : 'n'));
    std::set_new_handler(nullptr);
}

void a_handlers_exception_gets_through()
{
    bool caught = false;
    std::set_new_handler([]() { throw std::bad_array_new_length(); });
    try {
        ::operator delete(::operator new(std::size_t(PTRDIFF_MAX)));
    } catch (const std::bad_array_new_length &) {
        caught = true;
    }
    EXPECT(caught);
    std::set_new_handler(nullptr);
}

/* g++ throws bad_array_new_length, which is a bad_alloc; clang++ asks operator new[] for SIZE_MAX. */
void an_array_of_impossible_length_throws()
{
    bool caught = false;
    volatile long length = -1;
    try {
        delete[] new int[static_cast<std::size_t>(length)];
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    EXPECT(caught);
    length = std::numeric_limits<long>::max() / 2;
    caught = false;
    try {
        delete[] new double[static_cast<std::size_t>(length)];
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    EXPECT(caught);
}

struct alignas(256) Wide {
    char bytes[256];
    ~Wide()
    {
        bytes[0] = 0;
    }
};

struct Thrower {
    Thrower()
    {
        throw 1;
    }
    char bytes[1000];
};

void expressions_work()
{
    Wide *wide = new Wide;
    Wide *wides = new Wide[3];
    EXPECT(reinterpret_cast<uintptr_t>(wide) % 256 == 0);
    EXPECT(reinterpret_cast<uintptr_t>(wides) % 256 == 0);
    delete wide;
    delete[] wides;
    std::string *strings = new std::string[10];
    strings[9] = std::string(1000, 'x');
    delete[] strings;
    std::unique_ptr<int[]> numbers(new int[0]);
    EXPECT(numbers != nullptr);
    bool caught = false;
    try {
        delete new Thrower;
    } catch (int) {
        caught = true;
    }
    EXPECT(caught);
    ::operator delete(nullptr);
    ::operator delete(nullptr, std::size_t(8));
    ::operator delete[](nullptr, std::size_t(8), to(64));
}

void memory_that_runs_out_in_a_container_is_bad_alloc()
{
    std::vector<std::string> strings;
    bool caught = false;
    try {
        for (;;) {
            strings.push_back(std::string(MIB, 'x'));
        }
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    EXPECT(caught && strings.size() > 10);
    EXPECT(expect_heap_check() == 0);
    strings.clear();
    strings.shrink_to_fit();
    strings.push_back(std::string(10 * MIB, 'y'));
    EXPECT(strings[0].size() == 10 * MIB);
}

} // namespace

int main(int argc, char **argv)
{
    on_libma = argc < 2 || std::strcmp(argv[1], "glibc") != 0;
    EXPECT(on_libma == (expect_has_libma() != 0));
    mallopt(M_MMAP_THRESHOLD, MIB); /* so that glibc's does not follow what is freed */
    for (const Form &form : forms) {
        int before = expect_failures;
        payloads_are_aligned_and_ours(form);
        zero_bytes_are_unique(form);
        out_of_memory_is_bad_alloc_or_null(form);
        malloc_trim(0);
        limits_spare_address_space(60 * MIB);
        a_new_handler_may_free_memory(form);
        limits_lift(RLIMIT_AS);
        if (expect_failures > before) {
            dprintf(STDERR_FILENO, "  in %s\n", form.name);
        }
    }
    a_handlers_exception_gets_through();
    an_array_of_impossible_length_throws();
    expressions_work();
    limits_spare_address_space(60 * MIB);
    memory_that_runs_out_in_a_container_is_bad_alloc();
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
