#!/usr/bin/perl
# killer.pl [-m] [-s SIGNAL] MICROSECONDS COMMAND [ARG...]: run it, and end it with kill -9 or this signal at a random instant
# of so many microseconds; with -m not it, but the child that it leaves (ctr-run -d's monitor). Prints the number of the signal
# that the victim died of, 0 when it had ended before, or "CODE exit" when it took the signal and exited. A victim that has not
# ended 10 s later is killed: "hung".
use strict;
use Time::HiRes qw(usleep);
my $monitor = $ARGV[0] eq '-m' && shift;
my $signal = $ARGV[0] eq '-s' ? (shift, shift)[1] : 9;
$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE); # a shell's background job ignores the first
my $most = shift;
$monitor and syscall 157, 36, 1, 0, 0, 0; # prctl(PR_SET_CHILD_SUBREAPER): what the command leaves becomes ours
sub children { open my $f, '<', "/proc/$_[0]/task/$_[0]/children" or return; split ' ', <$f> // '' }
my $pid = my $victim = fork;
if (!$pid) { open STDIN, '<', '/dev/null'; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec @ARGV or exit 127 }
if ($monitor) { # its time begins when it is there
	for (1 .. 5000) { last if ($victim) = (children($pid), grep { $_ != $pid } children($$)); usleep(200) }
}
usleep(rand $most);
kill $signal, $victim if $victim;
my $how = 0;
$SIG{ALRM} = sub { kill 9, $victim; $how = 'hung' };
alarm 10 if $signal ne 9;
while ((my $p = wait) > 0) {
	next if $p != $victim || $how;
	$how = $? & 127 || ($? ? ($? >> 8) . ' exit' : 0);
}
print "$how\n";
