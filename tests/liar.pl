# liar.pl HOW LAYOUT: a registry over plain HTTP that says on its stdout where it listens (a free port of 127.0.0.1), and
# on stderr what it is asked for; it serves one image, "x:1", from an OCI layout folder, and does HOW with it: manifest, config, blob (other bytes), short (ends early, always), once (ends early, the first time), slow,
# long (more than it said), stall, error (500), html, artifact (an image of something else), octets (its config is of no type, as docker 1.10 had it), foreign (a layer that is elsewhere), realm (asks for credentials at a place that is none), away (wants a
# password, and sends who asks for a blob to another host), expires (its token is good for a few requests), thief (as
# away, and that host asks for the password, too), file (wants a token from a file of ours), busy (429), down (503), sorry
# (each path for the first time 429, 503 or 500, with and without Retry-After), late (small blobs, and answers to put=late), huge
# (100 MB of manifest), nest (indexes in indexes), nul (NULs in its manifest), trickle (ten bytes a second), rings (sends in
# circles), chunked, cut (chunked, and ends early), endless (never ends), norange (ends early, then sends all of it again),
# askew (ends early, then sends other bytes), gone (ends early, then knows of no more bytes: 416), pages (lists one name at a
# time), asks=CHALLENGES (answers 401 with these, one a line, in which @ is its
# address; "me" with "hush", or the token "t0" of its /token, or of its /form for the identity token "a+b", may come in), put=WHERE (takes an image: an upload goes on at
# WHERE, in which @ is its address).
use strict;
use warnings;
use Socket;
my ($how, $dir) = @ARGV;
my $million = 1e6; # perl makes a string of constants (' ' x 1e8) when it starts, for whatever HOW
$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
my @kids;
$SIG{TERM} = sub { kill KILL => @kids; exit };
sub slurp { open my $f, '<:raw', $_[0] or return ''; local $/; return <$f> }
my ($hex) = slurp("$dir/index.json") =~ /"digest":"sha256:([0-9a-f]+)"/;
my $manifest = slurp("$dir/blobs/sha256/$hex");
my ($config) = $manifest =~ /"digest":"sha256:([0-9a-f]+)"/;
socket my $s, PF_INET, SOCK_STREAM, 0 or die $!;
bind $s, pack_sockaddr_in(0, INADDR_LOOPBACK) and listen $s, 20 or die $!;
my $addr = '127.0.0.1:' . (sockaddr_in(getsockname $s))[0];
print "$addr\n";
open STDOUT, '>&', \*STDERR or die $!; # who waits for the address is told of nothing else
$| = 1;
my (%seen, %nest, $outer);
if ($how eq 'nest') {
	require Digest::SHA;
	$outer = $manifest;
	for (1 .. 20) {
		my $d = Digest::SHA::sha256_hex($outer);
		$nest{$d} = $outer;
		$outer = "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:$d\",\"size\":1}]}";
	}
}
while (1) {
	accept my $c, $s or next;
	my ($head, $path, $from) = ('');
	recv $c, my $first, 1, 2; # MSG_PEEK
	if ($first eq "\x16") { print $c "HTTP/1.0 400 No TLS here\r\n\r\n"; next }
	while (<$c>) { last if /^\r\n/; $head .= $_ }
	($path) = $head =~ /^\S+ (\S+)/ or next;
	$from = $1 if $head =~ /^Range: bytes=(\d+)-/mi;
	print "$path", defined $from ? " range bytes=$from" : '', "\n";
	my $body = $path =~ m{/manifests/} ? $manifest : $path =~ /sha256:([0-9a-f]+)/ ? slurp("$dir/blobs/sha256/$1") : '{}';
	my $kind = $path =~ m{/manifests/} ? 'manifest' : $path =~ /$config/ ? 'config' : $path =~ m{/blobs/} ? 'blob' : '';
	print "leak: $head" if $path =~ m{^/(away|thief)/} && $head =~ /^(Authorization|Cookie):/mi;
	my $token = 't' . int(($seen{asked} += $kind ? 1 : 0) / 6);
	my $first = !$seen{$path}++;
	my $big = $kind eq 'blob' && length $body > 1000000;
	my $kid = fork;
	push @kids, $kid || ();
	next if $kid;
	$SIG{TERM} = 'DEFAULT';
	my ($status, $extra, $length) = ('200 OK', '', length $body);
	if ($how eq 'realm' && $kind) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:1/t\"\r\n", '') }
	if ($how eq 'away' && $path !~ m{^/away/}) {
		if ($head !~ /^Authorization: Basic/mi) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Basic realm=\"here\"\r\n", '') }
		elsif ($kind eq 'blob' || $kind eq 'config') {
			my $other = $addr =~ s/127\.0\.0\.1/localhost/r;
			($status, $extra, $body) = ('307 There', "Location: http://$other/away/" . ($path =~ /(sha256:\w+)/)[0] . "\r\n", '');
		}
	}
	if ($how eq 'thief') {
		my $other = "http://" . $addr =~ s/127\.0\.0\.1/localhost/r . "/thief";
		if ($path =~ m{^/thief/}) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"$other/token\"\r\n", '') }
		elsif ($head !~ /^Authorization: Basic/mi) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Basic realm=\"here\"\r\n", '') }
		elsif ($kind eq 'config') { ($status, $extra, $body) = ('307 There', "Location: $other/x\r\n", '') }
	}
	if ($how eq 'rings' && $kind) { ($status, $extra, $body) = ('307 There', "Location: $path\r\n", '') }
	if ($how eq 'file' && $kind) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"file:///etc/passwd\"\r\n", '') }
	if ($how eq 'busy' && $kind) { ($status, $extra, $body) = ('429 Slow', "Retry-After: 7\r\n", '') }
	if ($how eq 'sorry' && $first && $kind) {
		require POSIX;
		($status, $body) = $kind eq 'manifest' ? ('429 Slow', 'HTTP/1.1 200 x') : $kind eq 'config' ? ('503 Down', '') : ('500 Broken', '{}');
		$extra = $kind eq 'manifest' ? "Retry-After: 1\r\n" : $kind eq 'config' ? POSIX::strftime("Retry-After: %a, %d %b %Y %T GMT\r\n", gmtime(time + 2)) : '';
	}
	if ($how eq 'down' && $kind) { ($status, $extra, $body) = ('503 Down', "Retry-After: 7\r\n", '') }
	if ($how eq 'expires') {
		if ($path =~ m{^/token}) { $body = "{\"token\":\"$token\"}" }
		elsif ($kind && $head !~ /^Authorization: Bearer $token\r/mi) { ($status, $extra, $body) = ('401 No', "WWW-Authenticate: Bearer realm=\"http://$addr/token\"\r\n", '') }
	}
	if ($how =~ /^asks=(.*)/s) {
		read $c, my $form, $1 if $head =~ /^Content-Length: (\d+)/mi;
		if ($path =~ m{^/token}) { $body = '{"token":"","access_token":"t0"}' }
		elsif ($path eq '/form') { $body = $form =~ /^grant_type=refresh_token&.*service=s&scope=repository:x:pull&refresh_token=a%2Bb$/ ? '{"access_token":"t0"}' : '{}' }
		elsif ($head !~ /^Authorization: (Basic bWU6aHVzaA==|Bearer t0)\r/mi) {
			($status, $body) = ('401 No', '');
			$extra = join '', map { s/\@/$addr/r } map { "WWW-Authenticate: $_\r\n" } split /\n/, $1;
		}
	}
	if ($how =~ /^put=(.*)/ && $head !~ /^GET/) {
		sleep 2 if $how eq 'put=late' && $head =~ /^PUT/;
		read $c, my $sent, $1 if $head =~ /^Content-Length: (\d+)/mi;
		($status, $body) = $head =~ /^HEAD/ ? ('404 None', '') : ('201 Made', '');
		($status, $extra) = ('202 Go on', 'Location: ' . $1 =~ s/\@/$addr/r . "\r\n") if $head =~ /^POST/ && $how =~ /^put=(.*)/;
	}
	if ($how eq 'pages' && $path =~ m{/_catalog}) {
		my $n = ($path =~ /last=r(\d)/ ? $1 : 0) + 1;
		($body, $extra) = ("{\"repositories\":[\"r$n\"]}", $n < 3 ? "Link: </v2/_catalog?last=r$n&n=1>; rel=\"next\"\r\n" : '');
	}
	if ($how eq 'error' && $kind eq 'blob') { ($status, $body) = ('500 Broken', '') }
	if ($how eq 'foreign' && $kind eq 'blob') { ($status, $body) = ('404 None', '') }
	if ($how eq 'html' && $kind) { $body = '<html>hello</html>' }
	if ($how eq $kind) { substr($body, length($body) / 2, 1) ^= "\1" }
	if ($kind eq 'manifest' && $how eq 'nest') { $body = $path =~ /sha256:(\w+)/ ? $nest{$1} : $outer }
	elsif ($kind eq 'manifest' && $how eq 'nul') { $body = "{\"a\0" x $million }
	elsif ($kind eq 'manifest' && $how eq 'artifact') { $body =~ s/vnd.oci.image.config.v1/vnd.cncf.helm.config.v1/ }
	elsif ($kind eq 'manifest' && $how eq 'octets') { $body =~ s/vnd.oci.image.config.v1.json/octet-stream/ }
	elsif ($kind eq 'manifest' && $how eq 'foreign') { $body =~ s/("layers":\[\{)/$1"urls":["https:\/\/elsewhere\/x"],/ }
	elsif ($kind eq 'manifest') { $extra .= "Docker-Content-Digest: sha256:$hex\r\n" }
	if (defined $from && $how ne 'norange') { ($status, $body) = ('206 Partial', substr $body, $from); $extra .= sprintf "Content-Range: bytes %d-%d/%d\r\n", $from, $length - 1, $length }
	if ($how eq 'gone' && defined $from) { ($status, $extra, $body) = ('416 None', '', 'none') }
	if ($how eq 'askew' && defined $from) { $body = 'x' x length $body }
	if ($how =~ /chunked|cut|endless/ && $status =~ /^20/ && $head !~ /^HEAD/) {
		print $c "HTTP/1.1 $status\r\nTransfer-Encoding: chunked\r\n${extra}Connection: close\r\n\r\n";
		for (my $at = 0; $at < length $body; $at += 100000) {
			my $part = substr $body, $at, 100000;
			printf $c "%x\r\n%s\r\n", length $part, $part;
			exit if $how eq 'cut' && $big && $at;
		}
		while ($how eq 'endless' && $big) { print $c "1000\r\n", 'x' x 4096, "\r\n" or exit }
		print $c "0\r\n\r\n";
		exit;
	}
	if ($how eq 'long' && $big) { $body .= 'x' x 1000 }
	my $n = length $body;
	$n += 100 * $million if $kind eq 'manifest' && $how eq 'huge';
	$body = substr $body, 0, $n / 2 if $big && ($how eq 'short' || $how =~ /^(once|norange|askew|gone)$/ && $first);
	print $c "HTTP/1.1 $status\r\nContent-Length: $n\r\n${extra}Connection: close\r\n\r\n";
	if ($how eq 'trickle' && $kind eq 'manifest') {
		$c->autoflush;
		for ($body =~ /./gs) { print $c $_ or exit; select undef, undef, undef, 0.1 } # no second without one
	}
	if ($how eq 'stall' && $big) { print $c substr $body, 0, 1000; sleep 30 }
	if ($how eq 'late' && $kind eq 'blob' && !$big) { print $c substr $body, 0, 5000, ''; $c->flush; sleep 3 }
	if ($how eq 'slow' && $big && $first) {
		print $c substr $body, 0, 2000000;
		$c->flush;
		sleep 20;
	}
	print $c $body if substr($head, 0, 4) ne 'HEAD';
	while ($n > length $body && $how eq 'huge') { print $c ' ' x 65536 or exit }
	exit;
}
