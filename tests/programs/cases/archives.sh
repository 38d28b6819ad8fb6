# Packers: buffers of many megabytes, and threads in xz and zstd.

# Something of 2.5 MB that packs neither too well nor too badly.
make_data()
{
    records 50000 >data
    head -c 1250000 /usr/bin/git >>data
}

case_tar()
{
    uses tar
    cp -r /usr/include/c++/12/bits tree
    tar -cf out/plain.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner tree
    tar -czf packed.tar.gz --sort=name tree
    tar -I 'xz -1' -cf packed.tar.xz --sort=name tree
    tar -tvf out/plain.tar
    mkdir plain gz xz
    tar -xf out/plain.tar -C plain
    tar -xf packed.tar.gz -C gz
    tar -xf packed.tar.xz -C xz --exclude='*a*.h'
    diff -r tree plain/tree
    diff -r tree gz/tree
    status_of diff -r tree xz/tree
    status_of tar -xf /usr/include/stdio.h
}

case_gzip()
{
    uses gzip
    make_data
    gzip -n -1 <data >out/fast.gz
    gzip -n -9 <data >out/small.gz
    gzip -l out/fast.gz out/small.gz
    gzip -dc out/fast.gz | cmp - data
    gzip -dc out/small.gz | cmp - data
    status_of gzip -t data
}

case_xz_threads() # timeout=90
{
    uses xz
    make_data
    xz -T2 -3 --block-size=1MiB <data >out/data.xz
    xz -T1 -0 <data >out/single.xz
    xz --list out/data.xz out/single.xz
    xz -T2 -dc out/data.xz | cmp - data
    xz -dc out/single.xz | cmp - data
    status_of xz -t data
}

case_zstd_threads() # long
{
    uses zstd
    make_data
    zstd -q -T2 -9 <data >out/data.zst
    zstd -q --long=24 --ultra -20 --zstd=wlog=22 <(head -c 1000000 data) -o small.zst
    split -b 4k <(head -c 1000000 data) sample.
    zstd -q --train sample.* -o out/dictionary
    zstd -q -D out/dictionary sample.aa -o out/sample.zst
    zstd -qdc out/data.zst | cmp - data
    zstd -qdc small.zst | cmp - <(head -c 1000000 data)
    zstd -qdc -D out/dictionary out/sample.zst | cmp - sample.aa
    ls -s --block-size=1 out
}

case_bzip2()
{
    uses bzip2
    make_data
    bzip2 <data >out/data.bz2
    bzip2 -dc out/data.bz2 | cmp - data
    head -c 100000 out/data.bz2 >damaged.bz2
    status_of bzip2 -t damaged.bz2
    wc -c out/data.bz2
}
