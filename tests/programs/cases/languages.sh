# Other languages' interpreters and virtual machines.

case_perl()
{
    uses perl
    records 40000 >records
    perl -we '
        use strict; my (%seen, @rows);
        while (<>) { my ($key, $word, $n) = split; push @{$seen{$word}}, $n; push @rows, [$key, $word, $n]; }
        for my $word ((sort { @{$seen{$b}} <=> @{$seen{$a}} || $a cmp $b } keys %seen)[0 .. 9]) {
            printf "%s %d\n", $word, scalar @{$seen{$word}};
        }
        @rows = sort { $a->[2] <=> $b->[2] } grep { $_->[0] % 3 } @rows;
        print scalar(@rows), " $rows[100][1]\n";
        my $text = join ",", map { $_->[1] } @rows;
        my $count = () = $text =~ /(o[a-z]+)(\d+)(?=,\1)/g;
        print "$count ", length($text =~ s/(\d+)/<$1>/gr), "\n";
        my $ring; for (1 .. 2000) { my $new = { next => $ring, pad => "x" x ($_ % 300) }; $ring = $new; }
        my $depth = 0; for (my $at = $ring; $at; $at = $at->{next}) { $depth++ } print "$depth\n";
        ' records
    perl -MMath::BigInt -e 'print Math::BigInt->new(2)->bpow(4001)->bdiv(3) . "\n"'
    perl -MThread::Queue -Mthreads -e '
        my ($in, $out) = (Thread::Queue->new(1 .. 300), Thread::Queue->new); $in->end;
        my @t = map { threads->create(sub { while (defined(my $n = $in->dequeue)) { $out->enqueue($n . "y" x $n) } }) } 1 .. 4;
        $_->join for @t; $out->end; my @all; while (defined(my $x = $out->dequeue)) { push @all, $x }
        print scalar(@all), " ", length(join "", sort @all), "\n"'
    perl -MStorable=dclone -MEncode -MDigest::SHA=sha256_hex -e '
        my $d = { map { $_ => [1 .. $_ % 40] } 1 .. 3000 }; my $e = dclone($d);
        print sha256_hex(join ",", map { "$_:@{$e->{$_}}" } sort keys %$e), length(encode("UTF-16", "\x{e9}" x 70000)), "\n"'
    status_of perl -e 'my @x = map { fork // die } 1 .. 3; 1 while wait > 0; die "the end\n"' 2>&1 | sort | uniq -c
}

case_java() # timeout=90
{
    uses javac java
    cp "$SOURCES/Threads.java" .
    javac -d out Threads.java
    java -version
    status_of java -Xmx200m -cp out Threads
    status_of java -Xmx200m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp out Threads | tail -n 2
    status_of java -cp out Absent
    javap -cp out -c -p Threads | cksum
}

case_node()
{
    uses node
    status_of node "$SOURCES/workers.js"
    node -p '[1, 2, 3].map((n) => n ** 20)'
    status_of node -e 'throw new TypeError("thrown")'
}

case_tcl()
{
    uses tclsh
    cat >script.tcl <<'END'
proc fill {count} {
    for {set i 0} {$i < $count} {incr i} {
        dict lappend table [expr {$i * 7919 % 1009}] [string repeat x [expr {$i % 50}]]
        lappend list $i,[expr {$i * $i}]
        append text [format %05d $i]
    }
    puts "[dict size $table] [llength $list] [string length $text]"
    puts [lrange [lsort -dictionary -decreasing $list] 0 4]
    puts [regsub -all {(\d)\1} $text {<\1>} out],[zlib crc32 $out]
    dict for {key value} $table { set array($key) [join $value -] }
    puts [array size array],[string length $array(42)]
}
fill 30000
puts [expr {3 ** 3000 % 10 ** 60}]
interp create child
child eval {proc f n {expr {$n < 2 ? $n : [f [expr {$n - 1}]] + [f [expr {$n - 2}]]}}}
puts [child eval {f 18}]
interp delete child
set packed [zlib gzip [string repeat "some text " 100000]]
puts [string length [zlib gunzip $packed]]
exit 4
END
    status_of tclsh script.tcl
}
