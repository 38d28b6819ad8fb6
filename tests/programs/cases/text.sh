# Programs that search, edit and compare text.

case_grep_patterns()
{
    uses grep
    records 60000 >records
    grep -c 'oak1' records
    grep -E '^(0[0-9]{3}7) (yew|oak|elm)[0-9]+ .*7$' records | tail -n 5
    grep -n -w -m 5 -B 1 -A 1 'larch42' records
    grep -P '(\d)\1\1\1' records | first 5
    cut -d' ' -f3 records | first 3000 >needles
    grep -c -F -f needles records
    grep -o 'ma[a-z]*' records | sort | uniq -c
    grep -rlE 'u?int(8|16|32|64)_t' /usr/include/linux --include='*.h' | sort
    status_of grep absent records
}

case_find_tree()
{
    uses find xargs
    find /usr/include -type f -name '*.h' -size -3 -printf '%P %s %m\n' | sort
    find /usr/share/doc -type f -print0 | sort -z | xargs -0 -n 500 echo | cksum
    find /usr/lib/python3 -depth -regex '.*/[a-m]+\.py' -exec basename {} \; | sort | first 50
    status_of find absent
}

case_sed_scripts()
{
    uses sed
    records 30000 >records
    sed -E 's/([a-z]+)([0-9]+)/\2-\1/g; y/aeiou/AEIOU/' records | tail -n 3
    sed -n '$!{h;d}; H;x;s/\n/ + /p' records
    sed ':join; N; $!b join; s/\n/,/g' <(head -n 3000 records) | cksum   # a pattern space that grows
    sed -E '/elm/!d; s/ +/\t/g; w out/elms' records | wc -l
    cp records out/edited
    sed -i '1~3d; 5,9s/^/> /' out/edited
}

case_diff_and_patch()
{
    uses diff cmp diff3 patch
    records 20000 >old
    sed '100~371s/$/ changed/; 200~997d; 300~1009i inserted' old >new
    sed '150~1013s/^/mine /' old >mine
    status_of diff old new >out/normal
    status_of diff -u --label old --label new old new >changes
    status_of diff -y -W 60 --suppress-common-lines old new | tail -n 5
    status_of diff3 -m mine old new | cksum
    status_of cmp old new
    patch -o out/patched old changes
    cmp out/patched new
}

AWK_PROGRAM='
{ count[$2]++; sum[$2] += $3; line[NR] = $0 }
function reverse(s,   r, i) { for (i = length(s); i > 0; i--) r = r substr(s, i, 1); return r }
END {
    for (word in count)
        printf "%s %d %.3f\n", word, count[word], sum[word] / count[word] | "sort"
    close("sort")
    for (i = 1; i <= NR; i += 1000)
        print reverse(line[i]), toupper(substr(line[i], 7)), split(line[i], part, /[0-9]/)
    for (i = 0; i < 2000; i++) text = text sprintf("%d,", i * i)
    print length(text), gsub(/1+,/, "<&>", text), length(text)
    for (word in count) delete count[word]
    print length(count) + 0
}'

case_gawk()
{
    uses gawk
    records 60000 >records
    gawk "$AWK_PROGRAM" records
    gawk 'BEGIN { PROCINFO["sorted_in"] = "@ind_num_asc" } { a[$1][$2] = $3 }
          END { for (i in a) if (i % 500 == 0) print i, length(a[i]), asort(a[i], b), b[1] }' records
    gawk -M 'BEGIN { PREC = 2000; print 3 ^ 1000, sqrt(2) }'
}

case_mawk()
{
    uses mawk
    records 60000 >records
    mawk "$AWK_PROGRAM" records
}

case_jq()
{
    uses jq
    records 20000 | jq -R 'split(" ") | {key: .[0], word: .[1], number: (.[2] | tonumber)}' -c >out/objects
    jq -s 'group_by(.word) | map({word: .[0].word, n: length, top: (map(.number) | max)}) | .[:20]' out/objects
    jq -n '[range(30000)] | map(tostring) | join(",") | length'
    jq -n 'def f: if . < 2 then . else (. - 1 | f) + (. - 2 | f) end; 18 | f'
    status_of jq . <<<'{"broken": [1,'
}

case_vim()
{
    uses vim
    records 5000 >out/text
    vim -u NONE -i NONE -N -n -es out/text \
        -c 'g/elm/m0' -c '%s/\v(\a+)(\d+)/\2\1/g' -c 'sort n' -c 'norm ggyG50p' -c 'undo' -c 'redo' -c wq
    cksum out/text
}
