// The standard containers, strings, smart pointers, exceptions and tasks: much for a compiler to instantiate,
// and operator new in all its forms for the program that comes out.
#include <algorithm>
#include <any>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <numeric>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace
{

struct Expression;
using Child = std::unique_ptr<Expression>;
struct Operation {
    char sign;
    Child left, right;
};
struct Expression {
    std::variant<long, Operation> value;
};

long evaluate(const Expression &expression)
{
    if (auto *number = std::get_if<long>(&expression.value))
        return *number;
    const auto &[sign, left, right] = std::get<Operation>(expression.value);
    long a = evaluate(*left), b = evaluate(*right);
    return (sign == '+' ? a + b : sign == '-' ? a - b : a * b) % 1000003;
}

Child grow(std::mt19937 &dice, int depth)
{
    if (depth == 0 || dice() % 8 == 0)
        return std::make_unique<Expression>(Expression{long(dice() % 100)});
    return std::make_unique<Expression>(
        Expression{Operation{"+-*"[dice() % 3], grow(dice, depth - 1), grow(dice, depth - 1)}});
}

template <typename Container> void fill_and_thin(const char *name)
{
    std::mt19937 dice(11);
    Container container;
    for (int i = 0; i < 60000; i++)
        container.insert({std::to_string(dice() % 30000), std::string(dice() % 60, 'x')});
    for (int i = 0; i < 30000; i += 2)
        container.erase(std::to_string(i));
    std::size_t length = 0;
    for (const auto &[key, text] : container)
        length += key.size() + text.size();
    std::cout << name << ' ' << container.size() << ' ' << length << '\n';
}

struct alignas(256) Wide {
    char bytes[256];
};

void aligned_objects()
{
    std::vector<std::unique_ptr<Wide>> held;
    bool aligned = true;
    for (int i = 0; i < 500; i++) {
        held.push_back(std::make_unique<Wide>());
        aligned &= reinterpret_cast<std::uintptr_t>(held.back().get()) % 256 == 0;
    }
    std::cout << "aligned " << aligned << '\n';
}

void out_of_memory()
{
    volatile std::size_t too_much = std::size_t(1) << 62;
    try {
        std::unique_ptr<char[]> never(new char[too_much]);
        std::cout << "got it\n";
    } catch (const std::bad_alloc &error) {
        std::cout << error.what() << '\n';
    }
    std::cout << "nothrow " << (new (std::nothrow) char[too_much] == nullptr) << '\n';
    static int calls;
    std::set_new_handler([] {
        if (++calls == 3)
            std::set_new_handler(nullptr);
    });
    try {
        ::operator delete(::operator new(too_much));
    } catch (const std::bad_alloc &) {
        std::cout << "handler ran " << calls << " times\n";
    }
}

void exceptions()
{
    int caught = 0;
    std::function<void(int)> descend = [&](int depth) {
        std::string local(100 + depth, 'y');
        if (depth == 0)
            throw std::runtime_error(local);
        descend(depth - 1);
    };
    for (int i = 0; i < 300; i++) {
        try {
            descend(i % 20);
        } catch (const std::exception &error) {
            caught += int(std::string(error.what()).size());
        }
    }
    std::cout << "caught " << caught << '\n';
}

void tasks()
{
    std::vector<std::future<std::list<std::string>>> futures;
    for (int i = 0; i < 16; i++)
        futures.push_back(std::async(std::launch::async, [i] {
            std::list<std::string> words;
            for (int j = 0; j < 4000; j++)
                words.push_back(std::string((i * j) % 90, char('a' + i)));
            return words;
        }));
    std::deque<std::string> all;
    for (auto &future : futures)
        for (auto &word : future.get())
            all.push_back(std::move(word));
    std::sort(all.begin(), all.end());
    std::cout << "tasks " << all.size() << ' ' << all[40000] << '\n';
}

} // namespace

int main()
{
    fill_and_thin<std::map<std::string, std::string>>("map");
    fill_and_thin<std::unordered_map<std::string, std::string>>("unordered_map");
    fill_and_thin<std::multimap<std::string, std::string, std::greater<>>>("multimap");
    std::mt19937 dice(3);
    std::cout << "tree " << evaluate(*grow(dice, 16)) << '\n';
    aligned_objects();
    out_of_memory();
    exceptions();
    tasks();
    std::pmr::unsynchronized_pool_resource pool;
    std::pmr::set<std::pmr::string> pooled(&pool);
    for (int i = 0; i < 3000; i++)
        pooled.emplace(std::to_string(i * 7 % 1001) + std::string(30, 'p'));
    std::any anything = std::make_shared<std::vector<int>>(1000, 1);
    auto &numbers = *std::any_cast<std::shared_ptr<std::vector<int>> &>(anything);
    std::ostringstream out;
    std::for_each(pooled.begin(), pooled.end(), [&](const auto &item) { out << item; });
    std::cout << out.str().size() << ' ' << std::accumulate(numbers.begin(), numbers.end(), 0)
              << '\n';
}
