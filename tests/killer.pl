#!/usr/bin/perl
# killer.pl [-m] MICROSECONDS COMMAND [ARG...]: run it, and kill -9 it at a random instant of so many microseconds; with -m not
# it, but the child that it leaves (ctr-run -d's monitor). Prints what the victim died of: 9, or 0 when it was quicker.
use strict;
use Time::HiRes qw(usleep);
my $monitor = $ARGV[0] eq '-m' && shift;
my $most = shift;
$monitor and syscall 157, 36, 1, 0, 0, 0; # prctl(PR_SET_CHILD_SUBREAPER): what the command leaves becomes ours
sub children { open my $f, '<', "/proc/$_[0]/task/$_[0]/children" or return; split ' ', <$f> // '' }
my $pid = my $victim = fork;
if (!$pid) { open STDIN, '<', '/dev/null'; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec @ARGV or exit 127 }
if ($monitor) { # its time begins when it is there
	for (1 .. 5000) { last if ($victim) = (children($pid), grep { $_ != $pid } children($$)); usleep(200) }
}
usleep(rand $most);
kill 9, $victim if $victim;
my $how = 0;
while ((my $p = wait) > 0) { $how = $? & 127 if $p == $victim }
print "$how\n";
