#!/usr/bin/perl
# mktar.pl ENTRY...: a tar archive with exactly these entries on stdout, such as no tar program would write.
#   f NAME CONTENT   d NAME   s NAME TARGET   h NAME TARGET   c NAME MAJOR,MINOR     o NAME UID (a file of
#   this owner, by a pax header)   (each entry one argument, fields apart by blanks; %NUL, %LONG stand for a NUL and for
#   5,000 x; instead of all of them: "-", which reads them from stdin, a line each)
#   > FILE: the entries after it are another archive's, which is written there.
use strict;
my %type = (f => '0', o => '0', h => '1', s => '2', c => '3', d => '5');
sub header {
	my ($name, $type, $size, $link, $mode, $dev) = @_;
	my ($maj, $min) = split /,/, $dev // '0,0';
	my $h = pack('a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12', $name, sprintf('%07o', $mode), '0000000', '0000000',
		sprintf('%011o', $size), '00000000000', '', $type, $link, 'ustar', '00', '', '', sprintf('%07o', $maj), sprintf('%07o', $min), '');
	substr($h, 148, 8) = sprintf("%06o\0 ", unpack('%32C*', $h));
	return $h;
}
sub padded { my $d = shift; return $d . "\0" x (-length($d) % 512); }
sub long { my ($type, $text) = @_; return header('././@LongLink', $type, length($text) + 1, '', 0644) . padded("$text\0"); }
chomp(@ARGV = <STDIN>) if "@ARGV" eq '-';
for (@ARGV) {
	my ($t, $name, $rest) = split / /, $_, 3;
	if ($t eq '>') {
		print "\0" x 1024 if tell(STDOUT) > 0; # the one before
		open STDOUT, '>', $name or die "$name: $!\n";
		next;
	}
	$rest //= '';
	s/%LONG/'x' x 5000/e, s/%NUL/\0/g for $name, $rest;
	my $link = $t =~ /[sh]/ ? $rest : '';
	print long('L', $name) if length $name > 100;
	print long('K', $link) if length $link > 100;
	my $data = $t eq 'f' ? $rest : '';
	my $record = sprintf("%d uid=%s\n", length($rest) + 8, $rest);
	print header('x', 'x', length $record, '', 0644), padded($record) if $t eq 'o';
	print header($name, $type{$t}, length $data, $link, $t eq 'd' ? 0755 : 0644, $t eq 'c' ? $rest : undef), padded($data);
}
print "\0" x 1024;
