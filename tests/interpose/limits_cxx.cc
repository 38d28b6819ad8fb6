/*
 * A C++ program under a limit of its address space: std::bad_alloc, after which it goes on.
 */
#include "limits.h"

#include <list>
#include <map>
#include <new>
#include <string>

int main()
{
    constexpr std::size_t MIB = 1 << 20;
    expect_libma();
    limits_spare_address_space(24 * MIB);
    for (int turn = 0; turn < 3; turn++) {
        std::map<int, std::string> map;
        std::list<std::string> list;
        bool map_was_full = false;
        bool list_was_full = false;
        try {
            for (int i = 0;; i++) {
                map[i] = std::string(static_cast<std::size_t>(i % 5000), 'x');
            }
        } catch (const std::bad_alloc &) {
            map_was_full = true;
        }
        try {
            for (;;) {
                list.push_back("short");
            }
        } catch (const std::bad_alloc &) {
            list_was_full = true;
        }
        EXPECT(map_was_full && list_was_full && map.size() > 1000);
        EXPECT(expect_heap_check() == 0);
        for (const auto &entry : map) {
            EXPECT(expect_filled(entry.second.data(), 'x', entry.second.size()));
        }
        map.clear();
        list.clear();
        EXPECT(expect_heap_check() == 0);
        std::string large(16 * MIB, 'y');
        EXPECT(large.size() == 16 * MIB);
    }
    return expect_status();
}
