# What every case stands on. `compare` runs this file with the name of a case's function; the file that
# holds the function is in CASE_FILE. The working directory is empty but for tmp/ and out/; what a
# case leaves in out/ is compared byte by byte.
#
# A case prints what must be equal. It does not hide stderr, for that is where an allocator complains.

set -euo pipefail
umask 022

# Is the library mapped in this very shell?
prove_shell()
{
    local maps answer=no
    maps=$(</proc/$$/maps)
    [[ $maps == *"$MA_LIBRARY"* ]] && answer=yes
    echo "bash $answer" >>"$MA_PROOF"
}

# uses PROGRAM...: the programs that the case is about. Says for each whether ld.so loads the library into
# it, which a static or set-user-id program would prevent. A program that is not installed fails the case.
uses()
{
    local program path answer
    for program in "$@"; do
        path=$(type -P "$program") || {
            echo "$program is not installed: run scripts/install-test-tools" >&2
            exit 99
        }
        answer=no
        [[ $(LD_TRACE_LOADED_OBJECTS=1 "$path") == *"$MA_LIBRARY"* ]] && answer=yes
        echo "$program $answer" >>"$MA_PROOF"
    done
}

# Run a command that is allowed to fail, and print its status.
status_of()
{
    local status=0
    "$@" || status=$?
    echo "status $status"
}

# numbers COUNT: the same pseudo-random sequence of integers below 2^31 on every machine. (The product stays
# below 2^53, where awk's doubles are exact.)
numbers()
{
    awk -v count="$1" 'BEGIN { x = 42; while (count-- > 0) { x = x * 16807 % 2147483647; print x } }'
}

# records COUNT: lines of "key word number", with keys and words that repeat.
records()
{
    numbers "$1" | awk '
        BEGIN { split("ash beech cedar elm fir hazel larch maple oak pine rowan yew", tree) }
        { printf "%05d %s%d %d\n", $1 % 5000, tree[$1 % 12 + 1], $1 % 97, $1 }'
}

# first COUNT: the first lines of a pipe. Unlike head it reads to the end, so that nobody dies of SIGPIPE or not
# as the timing has it.
first()
{
    sed -n "1,$1p"
}

prove_shell
source "$CASE_FILE"
"$1"
