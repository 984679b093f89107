#!/usr/bin/perl
# mkimage.pl oci|docker DIR LAYER.tar...: an OCI layout, or the folder of a `docker save` archive as
# docker up to 24 wrote it, with one image of these layers (image.bash: oci, docker_old): one
# process, where a test has 250 layers.
use strict;
use Digest::SHA;
use File::Copy;
my ($kind, $dir, @layers) = @ARGV;
my $oci = $kind eq 'oci';
my $type = 'application/vnd.oci.image';
sub sha { my $d = Digest::SHA->new(256); $d->addfile($_[0], 'b'); return $d->hexdigest; }
sub dir { -d $_[0] or mkdir $_[0] or die "$_[0]: $!\n"; }
sub spew {
	my ($file, $text) = @_;
	open my $out, '>', $file or die "$file: $!\n";
	print $out $text;
	close $out or die "$file: $!\n";
}
# A blob, or a file whose name is its digest and this: returns its digest.
sub blob {
	my ($where, $text, $suffix) = @_;
	my $h = Digest::SHA::sha256_hex($text);
	spew("$where/$h$suffix", $text);
	return $h;
}
dir($dir);
my (@ids, @list, $n);
if ($oci) { dir("$dir/blobs"); dir("$dir/blobs/sha256"); }
for (@layers) {
	my $h = sha($_);
	push @ids, "\"sha256:$h\"";
	if ($oci) {
		copy($_, "$dir/blobs/sha256/$h") or die "$_: $!\n";
		push @list, sprintf '{"mediaType":"%s","digest":"sha256:%s","size":%d}',
			$ENV{MEDIA} || "$type.layer.v1.tar", $h, -s $_;
	} else {
		my $layer = 'layer' . ++$n;
		dir("$dir/$layer");
		copy($_, "$dir/$layer/layer.tar") or die "$_: $!\n";
		spew("$dir/$layer/VERSION", "1.0\n");
		push @list, "\"$layer/layer.tar\"";
	}
}
my $env = $oci ? '' : ',"Env":["A=1"]';
my $config = sprintf '{"architecture":"amd64","os":"linux","config":%s,'
	. '"rootfs":{"type":"layers","diff_ids":[%s]}}',
	$oci && $ENV{CONFIG} || "{\"Cmd\":[\"cat\",\"/etc/which\"]$env}",
	$oci && $ENV{DIFF_IDS} || join(',', @ids);
my $all = join ',', @list;
if ($oci) {
	my $c = blob("$dir/blobs/sha256", $config, '');
	my $m = sprintf '{"schemaVersion":2,"config":{"mediaType":"%s.config.v1+json",'
		. '"digest":"sha256:%s","size":%d},"layers":[%s]}', $type, $c, length $config, $all;
	spew("$dir/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
	spew("$dir/index.json", sprintf '{"schemaVersion":2,"manifests":[{"mediaType":'
		. '"%s.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":'
		. '{"org.opencontainers.image.ref.name":"new:1"}}]}',
		$type, blob("$dir/blobs/sha256", $m, ''), length $m);
} else {
	my $c = blob($dir, $config, '.json');
	spew("$dir/manifest.json",
		"[{\"Config\":\"$c.json\",\"RepoTags\":[\"old:1\"],\"Layers\":[$all]}]");
	spew("$dir/repositories", "{\"old\":{\"1\":\"layer1\"}}\n");
}
