# The coreutils: short lives, large buffers, and one program with threads (sort).

case_ls_recursive()
{
    uses ls
    ls -lRA --time-style=+ /usr/include
}

case_sort_parallel()
{
    uses sort
    numbers 400000 >numbers
    sort -n --parallel=4 -S 8M numbers >out/by_number   # small enough that it merges from temporary files
    sort --parallel=4 numbers >out/by_text
    sort -n --parallel=4 -c out/by_number
    tail -n 3 out/by_number out/by_text
}

case_sort_keys()
{
    uses sort uniq join comm
    records 50000 >records
    sort -k2,2 -k3,3nr records >out/by_word
    sort -s -u -k1,1 records >first
    sort -k1,1 -m first <(sort -k1,1 records) >out/merged
    cut -d' ' -f2 records | sort | uniq -c | sort -k1,1nr -k2 | first 20
    join first <(records 3000 | sort -k1,1) | wc
    comm -12 <(cut -d' ' -f1 first | first 4000) <(cut -d' ' -f1 first | tail -n 4000) | wc
}

case_sort_random()
{
    uses shuf sort
    numbers 200000 >bytes
    seq 100000 | shuf --random-source=bytes >out/shuffled
    seq 100000 | sort -R --random-source=bytes >out/by_hash
    shuf -n 5 -i 1-1000000000 --random-source=bytes
}

case_hashes()
{
    uses sha256sum sha512sum md5sum b2sum cksum sum
    local hash
    for hash in sha256sum sha512sum md5sum b2sum cksum sum; do
        find /usr/include -maxdepth 1 -type f | sort | xargs "$hash"
    done
    sha256sum /usr/bin/ls /usr/bin/sort >sums
    sha256sum -c sums
}

case_cp_tree()
{
    uses cp du mv rm ln mktemp
    cp -r /usr/include/c++ out/headers
    cp -a out/headers out/again
    ln -s headers out/link
    mv out/again out/moved
    diff -r out/headers out/moved
    du -a --apparent-size out/headers | sort -k2
    rm -r out/moved
    status_of ls out/moved
}

case_cut_and_paste()
{
    uses cat tac split head tail wc tr od base64 fold fmt nl paste expand
    records 40000 >records
    split -n l/7 records part.
    cat part.* | cmp - records
    tac records | tac | cmp - records
    base64 records | base64 -d | cmp - records
    od -A d -t x1z records | tail -n 3
    fold -w 17 records | tr a-z A-Z | nl | tail -n 3
    tr '\n' ' ' <records | fmt -w 60 | expand | wc
    paste -d, part.* | first 3
    wc part.*
    tr '\n' ' ' <records | sed 's/x/y/' | wc -c   # one line of 800 kB
}

case_arithmetic()
{
    uses factor seq expr numfmt date bc printf tsort
    seq 18446744073709551557 18446744073709551615 | factor
    factor 340282366920938463463374607431768211297
    echo 'scale=600; 4*a(1)' | bc -l
    echo '2^20000 % 10^50' | bc
    numbers 50 | numfmt --to=iec
    date -d '2001-09-09 01:46:40 UTC + 3 weeks' --iso-8601=seconds
    expr 12 \* 34
    seq 2 3000 | awk '{ print int($1 / 2), $1 }' | tsort | cksum
    numbers 2000 | xargs printf '%08x\n' | cksum
}
