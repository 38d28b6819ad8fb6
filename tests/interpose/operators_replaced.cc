/*
 * A program that replaces operator new and delete gets its own, also by way of the forms it does not replace:
 * the C++ standard has those call the replaced ones ([new.delete.single], [new.delete.array]).
 *
 * REPLACED_DELETE_ALONE: only `operator delete(void *)` is replaced. Otherwise both plain forms are, and their
 * payloads cannot be released in any other way.
 */
#include "expect.h"

#include <cstdlib>
#include <cstring>
#include <new>

static int news;
static int deletes;

#ifdef REPLACED_DELETE_ALONE

static constexpr bool replaces_new = false;

#else

static constexpr bool replaces_new = true;
static constexpr std::size_t LEAD = 48;
static constexpr unsigned MAGIC = 0x600df00d;

void *operator new(std::size_t size)
{
    char *start = static_cast<char *>(std::malloc(size + LEAD));
    if (start == nullptr) {
        throw std::bad_alloc();
    }
    news++;
    std::memcpy(start + LEAD - sizeof(MAGIC), &MAGIC, sizeof(MAGIC));
    return start + LEAD;
}

#endif

void operator delete(void *payload) noexcept
{
    if (payload == nullptr) {
        return;
    }
    deletes++;
#ifndef REPLACED_DELETE_ALONE
    unsigned magic = 0;
    std::memcpy(&magic, static_cast<char *>(payload) - sizeof(MAGIC), sizeof(MAGIC));
    EXPECT(magic == MAGIC);
    payload = static_cast<char *>(payload) - LEAD;
#endif
    std::free(payload);
}

/* Checks that since the last call there was one call of each. */
static void expect_one_of_each(const char *form)
{
    int before = expect_failures;
    EXPECT(!replaces_new || news == 1);
    EXPECT(deletes == 1);
    if (expect_failures > before) {
        dprintf(STDERR_FILENO, "  in %s: %d calls of new, %d of delete\n", form, news, deletes);
    }
    news = deletes = 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    EXPECT(expect_has_libma() == (argc < 2));
    ::operator delete(::operator new(100));
    expect_one_of_each("delete");
    ::operator delete(::operator new(100, std::nothrow), std::nothrow);
    expect_one_of_each("nothrow");
    ::operator delete[](::operator new[](100));
    expect_one_of_each("delete[]");
    ::operator delete[](::operator new[](100, std::nothrow), std::nothrow);
    expect_one_of_each("nothrow delete[]");
    ::operator delete[](::operator new[](100), std::size_t(100));
    expect_one_of_each("sized delete[]");
    ::operator delete(::operator new(100), std::size_t(100)); /* what `delete p` compiles to */
    expect_one_of_each("sized delete");
    return expect_status();
}
