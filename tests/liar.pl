# liar.pl ADDRESS HOW LAYOUT: a registry over plain HTTP that serves one image, "x:1", from an OCI layout folder, and does
# HOW with it: manifest, config, blob (other bytes), short (ends early, always), once (ends early, the first time), slow,
# long (more than it said), stall, error (500), html, realm (asks for credentials at a place that is none), away (wants a
# password, and sends who asks for a blob to another host), expires (its token is good for a few requests).
use strict;
use warnings;
use IO::Socket::INET;
my ($addr, $how, $dir) = @ARGV;
$| = 1;
$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
my @kids;
$SIG{TERM} = sub { kill KILL => @kids; exit };
sub slurp { open my $f, '<:raw', $_[0] or return ''; local $/; return <$f> }
my ($hex) = slurp("$dir/index.json") =~ /"digest":"sha256:([0-9a-f]+)"/;
my $manifest = slurp("$dir/blobs/sha256/$hex");
my ($config) = $manifest =~ /"digest":"sha256:([0-9a-f]+)"/;
my $s = IO::Socket::INET->new(LocalAddr => $addr, Listen => 20, ReuseAddr => 1) or die $!;
my %seen;
while (1) {
	my $c = $s->accept or next;
	my ($head, $path, $from) = ('');
	while (<$c>) { last if /^\r\n/; $head .= $_ }
	($path) = $head =~ /^\S+ (\S+)/ or next;
	$from = $1 if $head =~ /^Range: bytes=(\d+)-/mi;
	print "$path", defined $from ? " range bytes=$from" : '', "\n";
	my $body = $path =~ m{/manifests/} ? $manifest : $path =~ /sha256:([0-9a-f]+)/ ? slurp("$dir/blobs/sha256/$1") : '{}';
	my $kind = $path =~ m{/manifests/} ? 'manifest' : $path =~ /$config/ ? 'config' : $path =~ m{/blobs/} ? 'blob' : '';
	print "leak: $head" if $path =~ m{^/away/} && $head =~ /^(Authorization|Cookie):/mi;
	my $token = 't' . int(($seen{asked} += $kind ? 1 : 0) / 6);
	my $first = !$seen{$path}++;
	my $big = $kind eq 'blob' && length $body > 1000000;
	my $kid = fork;
	push @kids, $kid || ();
	next if $kid;
	$SIG{TERM} = 'DEFAULT';
	my ($status, $extra, $length) = ('200 OK', '', length $body);
	if ($how eq 'realm' && $kind) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:1/t\r\n", '') }
	if ($how eq 'away' && $path !~ m{^/away/}) {
		if ($head !~ /^Authorization: Basic/mi) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Basic realm=\"here\"\r\n", '') }
		elsif ($kind eq 'blob' || $kind eq 'config') {
			my $other = $addr =~ s/127\.0\.0\.1/localhost/r;
			($status, $extra, $body) = ('307 There', "Location: http://$other/away/" . ($path =~ /(sha256:\w+)/)[0] . "\r\n", '');
		}
	}
	if ($how eq 'expires') {
		if ($path =~ m{^/token}) { $body = "{\"token\":\"$token\"}" }
		elsif ($kind && $head !~ /^Authorization: Bearer $token\r/mi) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"http://$addr/token\"\r\n", '') }
	}
	if ($how eq 'error' && $kind eq 'blob') { ($status, $body) = ('500 Broken', '') }
	if ($how eq 'html' && $kind) { $body = '<html>hello</html>' }
	if ($how eq $kind) { substr($body, length($body) / 2, 1) ^= "\1" }
	if ($kind eq 'manifest') { $extra .= "Docker-Content-Digest: sha256:$hex\r\n" }
	if (defined $from) { ($status, $body) = ('206 Partial', substr $body, $from); $extra .= sprintf "Content-Range: bytes %d-%d/%d\r\n", $from, $length - 1, $length }
	if ($how eq 'long' && $big) { $body .= 'x' x 1000 }
	my $n = length $body;
	$body = substr $body, 0, $n / 2 if $big && ($how eq 'short' || $how eq 'once' && $first);
	print $c "HTTP/1.1 $status\r\nContent-Length: $n\r\n${extra}Connection: close\r\n\r\n";
	if ($how eq 'stall' && $big) { print $c substr $body, 0, 1000; sleep 30 }
	if ($how eq 'slow' && $big && $first) {
		print $c substr $body, 0, 2000000;
		$c->flush;
		sleep 20;
	}
	print $c $body if substr($head, 0, 4) ne 'HEAD';
	exit;
}
