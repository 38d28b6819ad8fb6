# Hashes and strings: words.pl SIZE. Prints a checksum.
use strict;
use warnings;

my $size = shift;
my ($state, %count, %lists) = (12345);

sub number {
    $state = ($state * 1103515245 + 12345) % 2147483648;
    return $state >> 8;
}

for my $i (1 .. $size) {
    my $word = join '', map { chr(97 + number() % 26) } 1 .. 1 + number() % 4;
    $count{$word}++;
    push @{ $lists{ length $word }{ substr $word, 0, 2 } }, "$word:$i";
}

my $text = join ' ', map { "$_=$count{$_}" } sort keys %count;
$text =~ s/(\w+)=(\d+)/$2 . uc $1/ge;
my @fields = split / /, $text;
my $sum = 0;
for my $length (sort keys %lists) {
    for my $start (sort keys %{ $lists{$length} }) {
        my $joined = join ',', reverse @{ $lists{$length}{$start} };
        $sum = ($sum * 31 + length($joined) + ord $joined) % 1000000007;
    }
    delete $lists{$length} if $length % 2;
}
print scalar(@fields), " $sum ", unpack('%32C*', $text), "\n";
