#!/usr/bin/env bats
# 21.1: what a command has acknowledged is on the disk. The disk is a file behind a loop device: a
# copy of it, taken as soon as the command is done, is what a power cut at that moment leaves.
# (make check-power cuts a machine's power, at moments of its own.)
load lib

# acknowledged FS: do one thing after another on such a file system; then look at each copy.
acknowledged() {
	tar -C "$ROOTFS" -cf root.tar bin etc
	cat >script <<'END'
set -eu
truncate -s 128M disk
"mkfs.$1" -q disk
mkdir -p live run
mount -o loop disk live
export CTR_LIB=$PWD/live/lib CTR_RUN=$PWD/run
n=0
did() { # CHECK...: a cut now; after it, this prints nothing
	n=$((n + 1))
	cp --sparse=always disk "cut.$n"
	echo "$@" >"check.$n"
	sync
}
status() { ctr-ps -an -o name,status | awk -v n="$1" '$1 == n { print $2 }'; }
boots() { ctr-start --boot && [ "$(status "$1")" = running ]; }
ends() { ctr-start "$1" && [ "$(ctr-wait "$1")" = 0 ]; }
ctr-net create --subnet 10.98.1.0/24 one && ctr-net create --subnet 10.98.2.0/24 two
sync
id=$(ctr-run -d --restart unless-stopped --name w "$ROOTFS" sleep 1000)
did '[ "$(status w)" = lost ] && boots w &&' "ctr-inspect $id >/dev/null"
ctr-stop -t 0 w
did '! boots w'
ctr-start w
did 'boots w'
ctr-run -d --name l "$ROOTFS" sh -c 'seq 5; sleep 0.3; echo last; exit 4'
ctr-wait l
did '[ "$(ctr-inspect -f State.ExitCode l)" = 4 ] && [ "$(ctr-logs l | tail -n 1)" = last ]'
ctr-start l
ctr-wait l
did '[ "$(ctr-logs l | grep -c last)" = 2 ]'
echo word >word
ctr-create --secret id=s,src=word --name s "$ROOTFS" grep word /run/secrets/s
did 'ends s'
ctr-create --net one --net two --name n "$ROOTFS" ip addr show eth1
did 'ends n'
ctr-net disconnect two n
did '! ends n'
ctr-net connect two n
did 'ends n'
ctr-image import i root.tar
did 'ctr-run i true'
ctr-commit l c
did 'ctr-run c true'
ctr-image save -o live/saved i
did '[ "$(tar -tf live/saved | grep -c manifest.json)" = 1 ]'
ctr-rename n n2
did '[ "$(status n2)" = created ] && [ -z "$(status n)" ]'
ctr-update -m 33m --restart always w
did 'cd "$CTR_LIB/containers/w" && grep -q 34603008 config.json && grep always conf && cd - >/dev/null'
ctr-image switch l i
did 'ctr-start l'
ctr-image tag i t
did 'ctr-run t true'
ctr-image rm t
did 'ctr-run i true && ! ctr-run t true'
ctr-volume create v
did 'ctr-volume inspect v >/dev/null'
ctr-volume rm v
did 'ctr-volume ls -q >names && ! grep -x v names'
mkdir live/docker
export DOCKER_CONFIG=$PWD/live/docker
echo '{"auths":{"h:1":{"auth":"YTpi"},"h:2":{"auth":"YTpi"}},"other":"key"}' >live/docker/config.json
sync
ctr-image logout h:1
did 'grep h:2 live/docker/config.json && grep other live/docker/config.json && ! grep h:1 live/docker/config.json'
mkdir -p b/rootfs/bin
cp "$ROOTFS/bin/busybox" b/rootfs/bin/true
echo '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"/"},
	"linux":{"namespaces":[{"type":"pid"},{"type":"mount"}]}}' >b/config.json
ctr-oci --root live/oci create -b b o </dev/null >create.out 2>&1 || cat create.out
cp live/oci/o/state kept
: >live/oci/o/state # as a cut may leave it
sync
did '[ -e live/oci/o ] && ctr-oci --root live/oci delete --force o && [ ! -e live/oci/o ]'
cp kept live/oci/o/state
ctr-oci --root live/oci delete --force o
ctr-rm l
did '[ -z "$(status l)" ]'
ctr-ps -aq | ctr-rm -f -
umount live
bad=0
for c in $(seq $n); do
	mount -o loop "cut.$c" live
	export CTR_RUN=$PWD/run.$c
	mkdir "$CTR_RUN"
	eval "$(cat "check.$c")" >out 2>&1 || {
		echo "BAD after cut $c: $(cat "check.$c"): $(cat out)"
		bad=1
	}
	ctr-ps -aq | ctr-rm -f - >/dev/null
	ctr-net rm one two >/dev/null
	umount live
	rm "cut.$c"
done
exit $bad
END
	ctr-unshare -mn -- bash script "$1" >did 2>&1 || { cat did >&2; false; }
}

# bats test_tags=ctr-run,ctr-start,ctr-wait,ctr-create,ctr-net,ctr-image,ctr-commit,ctr-rename,ctr-update,ctr-logs,ctr-volume,ctr-oci
@test "a cut right after each command is done: what it did is there (ext4)" {
	need mkfs.ext4 e2fsprogs
	not_in_rig "it has no loop devices"
	not_old "nothing differs"
	acknowledged ext4
}

# bats test_tags=ctr-run,ctr-start,ctr-image,ctr-commit
@test "the same on btrfs, where a folder is written for its own fsync only" {
	need mkfs.btrfs btrfs-progs
	grep -qw btrfs /proc/filesystems || skip "a kernel without btrfs"
	not_in_rig "it has no loop devices"
	not_old "nothing differs"
	acknowledged btrfs
}

# None of the file systems here needs it, but POSIX does, and others do.
# bats test_tags=ctr-create,ctr-net,ctr-image,ctr-volume
@test "the folders that the very first command makes are written out, each for its name" {
	need strace
	local what f
	tar -C "$ROOTFS" -cf root.tar etc
	for what in "ctr-net create n" "ctr-volume create v" "ctr-create $ROOTFS true" \
		"ctr-image import i root.tar"; do
		# shellcheck disable=SC2086
		CTR_LIB=$PWD/new/deep/lib strace -f -y -qq -o log -e trace=mkdir,fsync \
			-e signal=none unshare -n $what
		for f in "$PWD" "$PWD/new" "$PWD/new/deep" "$PWD/new/deep/lib"; do
			grep -F "fsync(" log | grep -F "<$f>" || { cat log; false; }
		done
		rm -r new
	done
}
