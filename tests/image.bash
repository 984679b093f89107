# image.bash: what the tests of images share: archives to load, and checks of the store afterwards.
# shellcheck shell=bash disable=SC2154 # bats sets them

# Of the 270 links to busybox those that a test may run: all would be unpacked each time.
links=(ash awk basename busybox cat chgrp chmod chown cmp cp cut date dd df dirname du
	echo env expr false find grep gzip head hostname id ip kill ln ls md5sum mkdir mkfifo
	mknod mount mv nc printf ps pwd readlink realpath rm rmdir sed seq setsid sh sha256sum
	sleep sort stat stty su tail tar tee test time top touch tr true tty umount uname uniq
	unshare usleep wc xargs)

# Make an image "box" of the default root file system.
box() {
	tar -C "$ROOTFS" --exclude=./bin -cf - . "${links[@]/#/bin/}" |
		ctr-image import "${@:2}" "${1:-box}" - >/dev/null
}

mktar() { perl "$BATS_TEST_DIRNAME/mktar.pl" "$@"; }

# List everything in the store except empty folders and the gate. (No find, sort: a process costs
# milliseconds, and this is called a hundred times.)
store() (
	shopt -s globstar dotglob nullglob
	for p in "$CTR_LIB"/{images,layers}/** "$CTR_LIB"/**/.tmp-*; do
		[[ $p == */.gate || $p == */oci-layout ]] ||
			[[ -d $p && ! -L $p && $p != "$CTR_LIB"/layers/?* && $p != */.tmp-* ]] ||
			echo "$p"
	done
)

# The command refuses an archive: exit code 1, one line on stderr, and the store is as it was
# before.
refused() { # PATTERN COMMAND...
	local pattern=$1 before after
	shift
	before=$(store)
	run --separate-stderr timeout 20 "$@"
	echo "status $status, stderr: $stderr"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *$pattern* ]]
	after=$(store)
	[ "$after" = "$before" ]
	[[ $after != */.tmp-* ]]
}
hostile() { # PATTERN ENTRY...
	local pattern=$1
	shift
	mktar "$@" >hostile.tar
	refused "$pattern" ctr-image import hostile hostile.tar
}

sha() {
	local s
	s=$(sha256sum <"$1") && echo "${s%% *}"
}

# docker_old DIR LAYER.tar...: the folder of a `docker save` archive as docker up to 24 wrote it,
# with RepoTags old:1.
docker_old() { perl "$BATS_TEST_DIRNAME/mkimage.pl" docker "$@"; }

# oci DIR LAYER.tar...: an OCI layout with one image named "new:1" ($CONFIG: its config, $MEDIA: its
# layers' type, $DIFF_IDS: what it says of them).
oci() {
	CONFIG=${CONFIG:-} MEDIA=${MEDIA:-} DIFF_IDS=${DIFF_IDS:-} \
		perl "$BATS_TEST_DIRNAME/mkimage.pl" oci "$@"
}

# Make two layers: one with busybox and /etc/which; one with another /etc/which in which a file and
# a folder are deleted and a folder is emptied.
two_layers() {
	mkdir -p one/etc one/gone one/emptied one/bin
	echo first >one/etc/which
	echo x >one/gone/x
	echo y >one/emptied/y
	echo z >one/etc/deleted
	cp -a "${links[@]/#/"$ROOTFS/bin/"}" one/bin/
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
