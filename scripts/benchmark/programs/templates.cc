// Much of the standard library, some of it instantiated: what a C++ compiler has to read and to keep.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct Shape {
    std::array<double, N> sides;
    std::map<std::string, std::vector<std::tuple<int, double, std::string>>> notes;
    std::unordered_map<std::string, std::shared_ptr<Shape>> children;

    void note(const std::string &key, int number)
    {
        notes[key].emplace_back(number, sides[number % N], key + std::to_string(number));
        std::sort(notes[key].begin(), notes[key].end());
    }

    double sum() const
    {
        double total = std::accumulate(sides.begin(), sides.end(), 0.0);
        for (const auto &child : children) {
            total += child.second->sum();
        }
        return total;
    }
};

using Any = std::variant<Shape<3>, Shape<4>, std::string>;

static double measure(const Any &any)
{
    return std::visit(
        [](const auto &value) -> double {
            if constexpr (requires { value.sum(); }) {
                return value.sum();
            } else {
                return static_cast<double>(value.size());
            }
        },
        any);
}

int main(int argc, char **argv)
{
    std::vector<Any> all;
    std::set<double> sums;
    for (int i = 1; i < argc; i++) {
        if (i % 2 == 0) {
            Shape<4> shape{};
            shape.note(argv[i], i);
            all.emplace_back(std::move(shape));
        } else {
            all.emplace_back(std::string(argv[i]));
        }
    }
    std::transform(all.begin(), all.end(), std::inserter(sums, sums.end()), measure);
    std::ostringstream out;
    out << sums.size();
    return out.str().size() > 3;
}
