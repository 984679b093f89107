# image.bash: what the tests of images share: archives to load, and checks of the store afterwards.
# shellcheck shell=bash disable=SC2154 # bats sets them

# Make an image "box" of the default root file system.
box() { tar -C "$ROOTFS" -cf - . | ctr-image import "${@:2}" "${1:-box}" - >/dev/null; }

mktar() { perl "$BATS_TEST_DIRNAME/mktar.pl" "$@"; }

# List everything in the store except empty folders and the gate.
store() {
	find "$CTR_LIB/images" "$CTR_LIB/layers" ! -type d ! -name .gate ! -name oci-layout \
		2>/dev/null | sort
	ls -A "$CTR_LIB/layers" 2>/dev/null || true
}

# The command refuses an archive: exit code 1, one line on stderr, and the store is as it was
# before.
refused() { # PATTERN COMMAND...
	local pattern=$1 before
	shift
	before=$(store)
	run --separate-stderr timeout 20 "$@"
	echo "status $status, stderr: $stderr"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *$pattern* ]]
	[ "$(store)" = "$before" ]
	[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
}
hostile() { # PATTERN ENTRY...
	local pattern=$1
	shift
	mktar "$@" >hostile.tar
	refused "$pattern" ctr-image import hostile hostile.tar
}

sha() { sha256sum "$1" | cut -d' ' -f1; }

# docker_old DIR LAYER.tar...: the folder of a `docker save` archive as docker up to 24 wrote it,
# with RepoTags old:1.
docker_old() {
	local dir=$1 ids='' layers='' n=0 l config
	shift
	mkdir -p "$dir"
	for l in "$@"; do
		n=$((n + 1))
		mkdir "$dir/layer$n"
		cp "$l" "$dir/layer$n/layer.tar"
		echo 1.0 >"$dir/layer$n/VERSION"
		ids="$ids${ids:+,}\"sha256:$(sha "$l")\""
		layers="$layers${layers:+,}\"layer$n/layer.tar\""
	done
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["cat","/etc/which"],"Env":["A=1"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$ids" >"$dir/config.json"
	config=$(sha "$dir/config.json").json
	mv "$dir/config.json" "$dir/$config"
	printf '[{"Config":"%s","RepoTags":["old:1"],"Layers":[%s]}]' "$config" \
		"$layers" >"$dir/manifest.json"
	echo '{"old":{"1":"layer1"}}' >"$dir/repositories"
}

# oci DIR LAYER.tar...: an OCI layout with one image named "new:1" ($CONFIG: its config, $MEDIA: its
# layers' type).
oci() {
	local dir=$1 ids='' layers='' l h m cmd='{"Cmd":["cat","/etc/which"]}'
	shift
	mkdir -p "$dir/blobs/sha256"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	for l in "$@"; do
		h=$(sha "$l")
		cp "$l" "$dir/blobs/sha256/$h"
		ids="$ids${ids:+,}\"sha256:$h\""
		layers="$layers${layers:+,}{\"mediaType\":\"${MEDIA:-application/vnd.oci.image.layer.v1.tar}\",\"digest\":\"sha256:$h\",\"size\":$(stat -c %s "$l")}"
	done
	printf '{"architecture":"amd64","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' "${CONFIG:-$cmd}" "${DIFF_IDS:-$ids}" >"$dir/c"
	h=$(sha "$dir/c")
	m=$(stat -c %s "$dir/c")
	mv "$dir/c" "$dir/blobs/sha256/$h"
	printf '{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[%s]}' "$h" "$m" "$layers" >"$dir/m"
	h=$(sha "$dir/m")
	m=$(stat -c %s "$dir/m")
	mv "$dir/m" "$dir/blobs/sha256/$h"
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"new:1"}}]}' \
		application/vnd.oci.image.manifest.v1+json "$h" "$m" >"$dir/index.json"
}

# Make two layers: one with busybox and /etc/which; one with another /etc/which in which a file and
# a folder are deleted and a folder is emptied.
two_layers() {
	mkdir -p one/etc one/gone one/emptied
	echo first >one/etc/which
	echo x >one/gone/x
	echo y >one/emptied/y
	echo z >one/etc/deleted
	cp -a "$ROOTFS/bin" one/
	tar -C one --owner=0 --group=0 -cf one.tar .
	mktar 'd etc' 'f etc/which second
' 'f etc/.wh.deleted ' 'f .wh.gone ' 'd emptied' 'f emptied/.wh..wh..opq ' \
	'f emptied/new n' >two.tar
}

# The same two and a large third layer, each with another compression, as an OCI layout in o/.
three_layers() {
	two_layers
	head -c 3000000 /dev/urandom >big
	tar -cf big.tar big
	gzip -k big.tar
	zstd -q two.tar
	oci o one.tar two.tar big.tar
}

free_port() {
	perl -MIO::Socket::INET \
		-e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

# Start a small registry for this test, which treats a request for a blob as $1 says (liar.pl); its
# address goes to $reg. The test declares pids=() and ends those processes; $CTR_REGISTRIES is
# ./registries.
liar() {
	read -r reg < <(exec perl "$BATS_TEST_DIRNAME/liar.pl" "$@" 2>liar.log 3>&-)
	pids+=($!)
	echo "http $reg" >>registries
}
