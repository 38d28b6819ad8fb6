/*
 * A plugin in C++, for a host that is not: see plugin_host.c.
 */
#include <cstddef>
#include <new>

static int handler_calls;

static void call_once()
{
    if (++handler_calls > 1) {
        std::set_new_handler(nullptr);
    }
}

/* Whether a request for more than there is ends in bad_alloc, once the handler has been called. */
extern "C" int plugin_throws()
{
    volatile std::size_t too_much = static_cast<std::size_t>(1) << 60;
    std::set_new_handler(call_once);
    try {
        delete[] new char[too_much];
    } catch (const std::bad_alloc &) {
        return handler_calls == 2;
    }
    return false;
}

/* The same where nothing is to be thrown. */
extern "C" int plugin_gives_null()
{
    volatile std::size_t too_much = static_cast<std::size_t>(1) << 60;
    handler_calls = 0;
    std::set_new_handler(call_once);
    return new (std::nothrow) char[too_much] == nullptr &&handler_calls == 2;
}
