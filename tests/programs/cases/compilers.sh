# gcc and clang: large heaps of small objects, built and dropped. What they build must be the same to the byte,
# and run the same.

# compile_index COMPILER OPTION...
compile_index()
{
    "$@" -std=gnu11 -Wall -Wextra -c "$SOURCES/index.c" -o out/index.o
    "$@" -pthread out/index.o -o out/index
    records 20000 >records
    uses out/index
    out/index <records
}

compile_containers()
{
    "$@" -std=c++17 -Wall -Wextra -c "$SOURCES/containers.cc" -o out/containers.o
    "$@" -pthread out/containers.o -o out/containers
    uses out/containers
    out/containers
}

case_gcc()
{
    uses gcc
    compile_index gcc -O2 -g
    gcc -O0 -S "$SOURCES/index.c" -o out/index.s
    gcc -E "$SOURCES/index.c" | wc -l
}

case_gcc_lto()
{
    uses gcc
    compile_index gcc -O3 -flto=2 -frandom-seed=1
}

case_gcc_diagnostics()
{
    uses gcc g++
    sed 's/struct word {/struct word_ {/; s/line_room;/line_room/' "$SOURCES/index.c" >broken.c
    status_of gcc -Wall -Wextra -c broken.c
    cat >broken.cc <<'END'
#include <map>
#include <string>
struct Key { std::string text; };
int main() { std::map<Key, std::map<Key, int>> table; table[{"a"}][{"b"}] = 1; return table.emplace(1, "x").second; }
END
    status_of g++ -std=c++17 -c broken.cc
    gcc --version
}

case_gxx() # timeout=120
{
    uses g++
    compile_containers g++ -O1
}

case_clang()
{
    uses clang
    compile_index clang -O2 -g
    clang -O1 -emit-llvm -S "$SOURCES/index.c" -o out/index.ll
    sed 's/line_room;/line_room/' "$SOURCES/index.c" >broken.c
    status_of clang -c broken.c
}

case_clangxx() # long timeout=120
{
    uses clang++
    compile_containers clang++ -O1
}
