# bash and dash: small blocks of every lifetime, and fork after fork.

case_bash_loops()
{
    uses bash
    local -a list=()
    local -A seen=()
    local i text=
    for ((i = 0; i < 30000; i++)); do
        list[i * 7 % 30011]=$((i * i % 9973))
        seen[$((i * i % 9973))]+=x
    done
    echo "${#list[@]} ${#seen[@]}"
    for i in "${!seen[@]}"; do echo "$i ${#seen[$i]}"; done | sort -n | first 20
    for ((i = 0; i < 3000; i++)); do text+=$i,; done
    text=${text//1,/one,}
    echo "${#text}" "${text:5000:60}" "${text^^}" | cksum
    for ((i = 0; i < 30000; i += 3)); do unset "list[i]"; done
    echo "${#list[@]}"
    printf '%s\n' "${list[@]}" | cksum
}

case_bash_subshells()
{
    uses bash cat
    local i sum=0 word
    for ((i = 0; i < 150; i++)); do
        word=$(echo "$i" | cat)
        sum=$((sum + word))
        (exit $((i % 7))) || sum=$((sum + $?))
    done
    echo "$sum"
    seq 100 | while read -r word; do echo "$((word * 2))"; done | (while read -r word; do sum=$((sum + word)); done; echo "$sum")
    coproc cat
    echo through >&"${COPROC[1]}"
    read -r word <&"${COPROC[0]}"
    echo "$word"
    kill "$COPROC_PID"
    status_of wait "$COPROC_PID"
    status_of bash -c 'kill -TERM $$'
}

case_bash_functions()
{
    uses bash
    fibonacci()
    {
        if (($1 < 2)); then echo "$1"; else echo $(($(fibonacci $(($1 - 1))) + $(fibonacci $(($1 - 2))))); fi
    }
    fibonacci 10
    nest()
    {
        local -a frame=("$@" "$1")
        if (($1 > 0)); then nest $(($1 - 1)) "${frame[@]:1:20}"; else echo "${#frame[@]}"; fi
    }
    nest 800
    trap 'echo "at exit: $?"' EXIT
    mapfile -t lines < <(numbers 50000)
    echo "${#lines[@]} ${lines[49999]}"
    cksum <<<"${lines[*]}"
    [[ ${lines[*]:0:2000} =~ (9[0-9]*)\ ([0-9]+) ]] && echo "${BASH_REMATCH[@]}"
    eval "$(for i in {1..500}; do echo "f$i() { echo $i; }"; done)"
    f250
    declare -F | wc -l
}

case_dash_pipes()
{
    uses dash
    dash -c '
        i=0
        while [ $i -lt 2000 ]; do i=$((i + 1)); eval "v$i=$i"; done
        echo $v1999
        seq 500 | while read n; do case $n in *7) echo $n;; esac; done | wc -l
        f() { [ $1 -eq 0 ] || f $(($1 - 1)); }; f 1000; echo deep
        (sleep 0.1; echo later) & wait; cat <<END
$(seq 1000)
END
        exit 5' || echo "status $?"
}
