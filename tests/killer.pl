#!/usr/bin/perl
# killer.pl MICROSECONDS COMMAND [ARG...]: run it, and kill -9 it at a random instant of so many microseconds. Prints what it died
# of: 9, or 0 when it was quicker.
use strict;
use Time::HiRes qw(usleep);
my $most = shift;
my $pid = fork;
if (!$pid) { open STDIN, '<', '/dev/null'; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec @ARGV or exit 127 }
usleep(rand $most);
kill 9, $pid;
waitpid $pid, 0;
print $? & 127, "\n";
