# What drives compilers and looks at what they built: make, cmake, gdb, binutils.

case_make()
{
    uses make
    local i
    for i in {1..300}; do
        echo "int f$i(int x) { return x * $i; }" >"f$i.c"
    done
    { seq -f 'int f%.0f(int);' 300; echo 'int main(void) { return ('; seq -f 'f%.0f(1) +' 300; echo '0) % 251; }'; } >main.c
    cat >Makefile <<'END'
sources := $(filter-out main.c,$(sort $(wildcard *.c)))
objects := $(patsubst %.c,obj/%.o,$(wordlist 1,12,$(sources)))
shared = $(foreach s,$(sources),$(if $(findstring 7,$(s)),$(s:.c=.seven),$(s:.c=.other)))
define rule
obj/$(1:.c=.o): $(1) | obj ; @gcc -O1 -c $$< -o $$@
endef
all: program
$(foreach s,$(sources) main.c,$(eval $(call rule,$(s))))
obj: ; @mkdir $@
program: $(objects) obj/main.o ; @cat $(sources) main.c | gcc -O1 -x c - -o $@
print: ; @echo $(words $(shared)) $(shared)
%.impossible: ; false
END
    make -j2 all
    make all
    make print
    make -n -B -p | grep -c '^obj/'
    status_of make thing.impossible
    status_of ./program
}

case_cmake() # timeout=90
{
    uses cmake
    cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.13)
project(words C)
find_package(Threads REQUIRED)
foreach(i RANGE 1 400)
    list(APPEND squares "square_${i}=${i}")
    string(REGEX REPLACE "([0-9]+)" "<\\1>" wrapped "${squares}")
endforeach()
list(LENGTH squares count)
string(LENGTH "${wrapped}" length)
string(SHA256 digest "${wrapped}")
message(STATUS "${count} ${length} ${digest}")
add_library(part STATIC part.c)
add_executable(index index.c)
target_link_libraries(index PRIVATE part Threads::Threads)
install(TARGETS index DESTINATION bin)
END
    cp "$SOURCES/index.c" .
    echo 'int part(void); int part(void) { return 1; }' >part.c
    # Newer versions say how long each step took.
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release | sed -E 's/ done \([0-9.]+s\)$/ done/'
    cmake --build build -j2
    cmake --install build --prefix "$PWD/out"
    records 1000 | out/bin/index
    cmake -E tar czf packed.tgz out
    cmake -E tar tf packed.tgz
    cmake --help-manual cmake-commands | wc -l
}

case_gdb()
{
    uses gdb
    gcc -g -O0 -pthread "$SOURCES/index.c" -o index
    records 300 >records
    cat >commands <<'END'
set confirm off
set print thread-events off
set debuginfod enabled off
info line merge
ptype struct share
break word_add_line if line == 299
break print_top
run <records >printed
bt 1
info breakpoints
delete 1
continue
bt
p table->word_count
p limit
p sizeof(*table)
finish
info source
continue
info functions -n ^word_
END
    # The process's and the threads' ids differ from run to run, and with the library's size the addresses.
    gdb --batch -nx -x commands ./index 2>&1 |
        sed -E 's/\(?process [0-9]+\)?/PROCESS/; s/0x[0-9a-f]{6,}/ADDRESS/g; s/LWP [0-9]+/LWP/'
    cat printed
}

case_binutils()
{
    uses as ld ar nm objcopy objdump readelf strip c++filt
    gcc -O2 -g -c "$SOURCES/index.c" -o index.o
    cat >table.cc <<'END'
#include <map>
#include <string>
std::size_t count(std::multimap<std::string, std::string> &table)
{
    table.emplace("key", std::to_string(table.size()));
    return table.erase("other") + table.equal_range("key").first->second.size();
}
END
    g++ -std=c++17 -O0 -g -c table.cc
    objdump -d -S -l index.o | cksum
    readelf -a -W table.o | cksum
    nm -C table.o | cksum
    nm table.o | c++filt | wc
    ar rcD out/both.a index.o table.o
    ar t out/both.a
    ld -r --whole-archive out/both.a -o out/both.o
    objcopy -L main out/both.o out/local.o
    strip -o out/stripped.o out/both.o
    gcc -S -o - "$SOURCES/index.c" | as -o out/again.o -
    status_of ld index.o -o never 2>&1 | first 3
}
